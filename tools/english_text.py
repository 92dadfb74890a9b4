"""Write the training text of models/english.ngrams.npz.

    apt-get install fortunes wamerican dict-wn dict-jargon python3.11-doc
    python tools/english_text.py english.txt
    ocr language english.txt --ngrams 600000 -o models/english.ngrams.npz

It is English text (fortunes, WordNet's examples and some of its definitions, the Jargon File),
a word list, and code: Python's standard library and documentation, and first_programs.txt in
this folder, which resembles beginners' exercises. The library is that of the Python that runs
this script (3.11 for the model that ships).
"""

from __future__ import annotations

import gzip
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

SHARE = Path("/usr/share")
GUIDES = ("tutorial", "howto", "whatsnew", "faq", "library")
# modules that resemble what users write themselves
PLAIN_MODULES = ("bisect", "calendar", "cmd", "colorsys", "fractions", "heapq", "keyword", "queue")
PLAIN_MODULES += ("random", "shlex", "statistics", "string", "textwrap", "this", "timeit", "turtle")


def main(output: Path) -> None:
    """Write all lines to a file."""
    with output.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines())


def lines() -> Iterator[str]:
    """Yield the lines of all sources, some of them thinned out or repeated to weigh them."""
    fortunes = (SHARE / "games/fortunes").iterdir()
    yield from lines_of(p for p in fortunes if p.is_file() and p.suffix not in (".dat", ".u8"))
    wordnet = re.sub(r"\n\s+", " ", dictionary("wn"))
    yield from re.findall(r'"([^"\n]{12,200})"', wordnet)
    yield from sorted(set(re.findall(r'\d+: ([^;\[\n"]{15,300})', wordnet)))[::8]
    yield from dictionary("jargon").splitlines()
    sources = SHARE / "doc/python3.11-doc/html/_sources"
    yield from list(lines_of(p for g in GUIDES for p in (sources / g).rglob("*.rst.txt")))[::4]
    library = Path(sysconfig.get_path("stdlib"))
    drawing = [*(library / "turtledemo").glob("*.py")]
    modules = [*library.glob("*.py"), *drawing, *(library / "idlelib").glob("*.py")]
    yield from list(lines_of(modules))[::3]
    plain = list(lines_of([*(library / f"{m}.py" for m in PLAIN_MODULES), *drawing]))
    programs = list(lines_of([Path(__file__).with_name("first_programs.txt")]))
    yield from 2 * plain
    yield from 20 * programs
    yield from lines_of([SHARE / "dict/american-english"])


def lines_of(paths: Iterator[Path] | list[Path]) -> Iterator[str]:
    """Yield the lines of text files, in the order of their paths."""
    for path in sorted(paths):
        yield from path.read_text(encoding="utf-8", errors="ignore").splitlines()


def dictionary(name: str) -> str:
    """Return the text of one of Debian's dictd dictionaries."""
    return gzip.decompress((SHARE / f"dictd/{name}.dict.dz").read_bytes()).decode("utf-8", "ignore")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
