"""Read EMNIST and MNIST by name, and download them into a cache."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ocr.data.download import Progress, RemoteFile, download
from ocr.data.readers import idx
from ocr.data.samples import Samples, Source
from ocr.errors import DataError, FetchError, OutputError
from ocr.files import reason


@dataclass(frozen=True)
class PublicSet:
    """A set that can be downloaded."""

    url: str  # official address of the folder that has the files
    files: tuple[RemoteFile, ...]  # IDX files, or zip archives of them
    license: str  # as its publishers state it
    crops: str  # number and kind of characters, to be shown to users
    images: str  # name of an images file, with {kind} and {part}
    kinds: tuple[str, ...]  # variants of the set; the first is the default
    stems: dict[str, str]  # part to the word for it in file names

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size for file in self.files)


def _parse_files(table: str) -> tuple[RemoteFile, ...]:
    """Parse lines of size in bytes, SHA-256 and name."""
    rows = (line.split() for line in table.split("\n") if line)
    return tuple(RemoteFile(name, int(size), digest) for size, digest, name in rows)


#: EMNIST: Cohen, Afshar, Tapson, van Schaik (2017), https://www.nist.gov/itl/products-and-services/
#: emnist-dataset. Size and digest are those that TensorFlow Datasets (url_checksums/emnist.txt) and
#: MLDatasets.jl pin; the file moved from www.itl.nist.gov to biometrics.nist.gov unchanged.
#: MNIST: LeCun, Cortes, Burges; the mirror that torchvision uses. Sizes and digests are those of
#: TensorFlow Datasets (url_checksums/mnist.txt); both t10k files were hashed again from copies.
EMNIST_FILES = """
561753746 fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e gzip.zip
"""
MNIST_FILES = """
9912422 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609 train-images-idx3-ubyte.gz
28881 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c train-labels-idx1-ubyte.gz
1648877 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6 t10k-images-idx3-ubyte.gz
4542 f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6 t10k-labels-idx1-ubyte.gz
"""
SETS = {
    "emnist": PublicSet(
        url="https://biometrics.nist.gov/cs_links/EMNIST/",
        files=_parse_files(EMNIST_FILES),
        license="none stated; made from NIST Special Database 19",
        crops="814,255 letters and digits of 62 classes",
        images="emnist-{kind}-{part}-images-idx3-ubyte.gz",
        kinds=("byclass", "bymerge", "balanced", "letters", "digits", "mnist"),
        stems={"train": "train", "test": "test"},
    ),
    "mnist": PublicSet(
        url="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files=_parse_files(MNIST_FILES),
        license="CC BY-SA 3.0",
        crops="70,000 digits",
        images="{part}-images-idx3-ubyte.gz",
        kinds=("digits",),
        stems={"train": "train", "test": "t10k"},
    ),
}


def recognizes(source: Source) -> bool:
    """Return whether a source is the name of a set, ``mnist``, or of a variant, ``emnist:letters``.

    A Path is never one: a folder of that name is ``./mnist``.
    """
    return isinstance(source, str) and source.split(":")[0] in SETS


def list_parts(source: Source) -> tuple[str, ...]:
    """Return the parts of a set."""
    return tuple(SETS[str(source).split(":")[0]].stems)


def read(source: Source, *, alphabet: str | None, seed: int, part: str | None) -> Samples:
    """Read one part of a downloaded set, or all of it."""
    name, _, kind = str(source).partition(":")
    found = SETS[name]
    if not is_fetched(name):
        raise DataError(
            f"{name} is not fetched yet "
            f"({found.size / 1e6:.0f} MB: ocr data fetch {name}; or give other data by --data)"
        )
    if kind and kind not in found.kinds:
        raise DataError(f"{name} has no set {kind!r} (choose {', '.join(found.kinds)})")
    stems = found.stems.values() if part is None else [found.stems[part]]
    names = [found.images.format(kind=kind or found.kinds[0], part=stem) for stem in stems]
    return Samples.concatenate(
        [idx.read(cache_folder() / name / file, alphabet=alphabet) for file in names]
    )


def cache_folder() -> Path:
    """Return the folder of downloads: OCR_CACHE, or ``ocr`` in the user's cache of this system."""
    if folder := os.environ.get("OCR_CACHE"):
        return Path(folder)
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder) / "ocr"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ocr"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ocr"
    return Path.home() / ".cache" / "ocr"


def is_fetched(name: str) -> bool:
    """Return whether a set is complete in the cache: its folder gets its name last."""
    return (cache_folder() / name).is_dir()


def fetch(name: str, *, url: str | None = None, on_progress: Progress) -> Path:
    """Download a set of `SETS` into the cache, unless it is there; return its folder of IDX files.

    `url` is another folder that has the same files, also without https; the digests are checked.
    Raises FetchError if there is no network, or a file is not the expected one; the next call
    resumes an interrupted download. Raises OutputError if the cache cannot be written.
    """
    if url is not None and not _is_web_address(url):
        raise FetchError(f"{url} is no address (begin it with https://)")
    wanted, folder = SETS[name], cache_folder() / name
    if is_fetched(name):
        return folder
    partial = folder.with_name(f"{name}.part")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        for file in wanted.files:
            address = f"{(url or wanted.url).rstrip('/')}/{file.name}"
            path = download(file, address, partial, https_only=url is None, on_progress=on_progress)
            if path.suffix == ".zip":
                _unpack(path)
        partial.replace(folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {reason(error)} (set OCR_CACHE)") from error
    finally:
        with contextlib.suppress(OSError):
            partial.rmdir()  # succeeds only if nothing was downloaded
    return folder


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:  # a bracket that is not closed
        return False


def _unpack(archive: Path) -> None:
    """Replace an archive by the IDX files in it, in whatever folder of the archive they are."""
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                name = PurePosixPath(member.filename).name
                if idx.IMAGES in name or idx.LABELS in name:
                    with opened.open(member) as source, (archive.parent / name).open("wb") as copy:
                        shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        raise FetchError(f"cannot unpack {archive}: {error} (delete it, fetch it again)") from error
    archive.unlink()
