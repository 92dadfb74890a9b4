"""Measure `ocr batch`: speed by number of processes, memory, and recovery from being killed.

    python benchmarks/batch.py [--pages 2000] [--jobs 1 2] [--kills 5] [--speed-pages 300]

It draws pages, reads some of them with each number of processes, then all of them in an
undisturbed run and in one that is killed several times, and compares the outputs. Memory is read
from Linux's /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.page_maker

from tests.page_maker import handprint_page

TEXT = "THE QUICK BROWN FOX JUMPS OVER A LAZY DOG WHILE SEVEN WIZARDS PACK MY BOX WITH JUGS AND "
STRIPS = 60  # lines drawn once, from which pages are composed
ROWS = 6  # lines a page
FOLDERS = 20
HEADER = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)  # 3.6 billion pixels
BAD = {
    "empty.png": b"",
    "text.png": b"this is no picture\n",
    "bomb.png": b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I", 13)
    + HEADER
    + struct.pack(">I", zlib.crc32(HEADER))
    + struct.pack(">I", 0)
    + b"IDAT\x35\xaf\x06\x1e",
}


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--speed-pages", type=int, default=300, help="Pages to measure speed.")
    parser.add_argument("--repeats", type=int, default=2, help="Number of speed measurements.")
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "some", options.speed_pages, seed=1)
        measure_speed(folder, options.jobs, options.repeats, options.speed_pages)
        if options.kills:
            draw(folder / "pages", options.pages, seed=2)
            compare_with_killed(folder, max(options.jobs), options.kills)


def draw(folder: Path, count: int, *, seed: int) -> None:
    """Draw pages of hand-printed lines, and write a few files that are no images."""
    rng = random.Random(seed)
    strips = [
        handprint_page(
            [" ".join(rng.choices(TEXT.split(), k=5))], seed=n, letter_height=32, shade=0
        )
        for n in range(STRIPS)
    ]
    height = max(strip.height for strip in strips)
    width = max(strip.width for strip in strips)
    for number in range(count):
        page = Image.new("RGB", (width + 60, ROWS * height + 60), (240, 236, 226))
        for row, strip in enumerate(rng.sample(strips, ROWS)):
            page.paste(strip, (30 + rng.randrange(20), 30 + row * height))
        path = folder / f"{number % FOLDERS:02}" / f"page-{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.save(path, quality=85)
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "truncated.jpg").write_bytes(path.read_bytes()[:5000])


def measure_speed(folder: Path, jobs: list[int], repeats: int, pages: int) -> None:
    """Print pages a second for each number of processes, in turns to even out other load."""
    print(f"{'processes':>9}  {'s':>6}  {'pages/s':>7}", flush=True)
    for _ in range(repeats):
        for count in jobs:
            start_time = time.monotonic()
            start(folder / "some", folder / "speed", count).wait()
            seconds = time.monotonic() - start_time
            print(f"{count:9}  {seconds:6.1f}  {pages / seconds:7.2f}", flush=True)
            shutil.rmtree(folder / "speed")


def compare_with_killed(folder: Path, jobs: int, kills: int) -> None:
    """Read all pages undisturbed, then with kills; print whether the outputs are the same."""
    start_time = time.monotonic()
    process = start(folder / "pages", folder / "clean", jobs)
    for share, parent, workers in memory(process, folder):
        print(f"{share:6} outputs: {parent:4.0f} MB, its processes {workers}", flush=True)
    seconds = time.monotonic() - start_time
    print(f"undisturbed: exit code {process.returncode} after {seconds:.0f} s", flush=True)
    rng = random.Random()
    for _ in range(kills):
        process = start(folder / "pages", folder / "killed", jobs)
        time.sleep(rng.uniform(0.1, seconds / (kills + 1)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed with {len(outputs(folder / 'killed'))} outputs", flush=True)
    process = start(folder / "pages", folder / "killed", jobs)
    process.wait()
    clean, killed = outputs(folder / "clean"), outputs(folder / "killed")
    print(f"resumed: exit code {process.returncode}, {len(killed)} outputs")
    print("outputs are the same, to the byte" if clean == killed else "OUTPUTS DIFFER")
    command = [sys.executable, "-m", "ocr", "batch", "--status", "-o", folder / "killed"]
    subprocess.run(command, check=True)


def start(pages: Path, output: Path, jobs: int) -> subprocess.Popen[bytes]:
    """Start reading a folder."""
    command = [sys.executable, "-m", "ocr", "batch", pages, "-o", output, "--jobs", str(jobs)]
    return subprocess.Popen([*command, "-f", "text", "-f", "json"], stderr=subprocess.DEVNULL)


def memory(process: subprocess.Popen[bytes], folder: Path) -> Iterator[tuple[int, float, str]]:
    """Yield the number of outputs so far, the MB of a process, and those of its children."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        time.sleep(10)
        with contextlib.suppress(OSError, ValueError):  # a process has ended meanwhile
            own = [resident(int(pid)) for pid in children.read_text().split()]
            sizes = ", ".join(f"{mb:.0f}" for mb in own if mb > 30)  # not Python's resource tracker
            yield len(list((folder / "clean").rglob("*.txt"))), resident(process.pid), sizes


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB; raise ValueError if it has ended."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the content of all files in a folder except manifest and lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "manifest" not in path.name
    }


if __name__ == "__main__":
    main()
