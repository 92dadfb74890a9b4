"""Public sets of letters: where they lie, how they are fetched, and where they are kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ocr.data import idx
from ocr.data.download import Progress, RemoteFile, download
from ocr.errors import DataError, FetchError, OutputError
from ocr.files import reason


@dataclass(frozen=True)
class RemoteSet:
    """A set that can be fetched.

    Attributes
    ----------
    url : str
        Official address of the folder that has the files.
    files : tuple of RemoteFile
        IDX files, or zip archives of them.
    licence : str
        As its publishers state it.
    crops : str
        What is in it.
    images : str
        Name of an images file, with {kind} and {part}.
    kinds : tuple of str
        Sets within the set; the first is taken where none is named.
    stems : dict
        Part to the word for it in the names.
    """

    url: str
    files: tuple[RemoteFile, ...]
    licence: str
    crops: str
    images: str
    kinds: tuple[str, ...]
    stems: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.files)


#: EMNIST: Cohen, Afshar, Tapson, van Schaik (2017), https://www.nist.gov/itl/products-and-services/
#: emnist-dataset. Size and digest as TensorFlow Datasets pins them (url_checksums/emnist.txt), and
#: MLDatasets.jl too; the file moved from www.itl.nist.gov to biometrics.nist.gov unchanged.
#: MNIST: LeCun, Cortes, Burges; the mirror that torchvision fetches from. Sizes and digests as
#: TensorFlow Datasets pins them (url_checksums/mnist.txt); those of both t10k files were computed
#: again from copies of the files.
SETS = {
    "emnist": RemoteSet(
        url="https://biometrics.nist.gov/cs_links/EMNIST/",
        files=(
            RemoteFile(
                "gzip.zip",
                561_753_746,
                "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
            ),
        ),
        licence="none stated; made from NIST Special Database 19",
        crops="814,255 letters and digits of 62 classes",
        images="emnist-{kind}-{part}-images-idx3-ubyte.gz",
        kinds=("byclass", "bymerge", "balanced", "letters", "digits", "mnist"),
        stems={"train": "train", "test": "test"},
    ),
    "mnist": RemoteSet(
        url="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        licence="CC BY-SA 3.0",
        crops="70,000 digits",
        images="{part}-images-idx3-ubyte.gz",
        kinds=("digits",),
        stems={"train": "train", "test": "t10k"},
    ),
}


def cache_folder() -> Path:
    """Where fetched sets are kept: OCR_CACHE, or ``ocr`` in the user's cache of this system."""
    if folder := os.environ.get("OCR_CACHE"):
        return Path(folder)
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder) / "ocr"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ocr"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ocr"
    return Path.home() / ".cache" / "ocr"


def is_set(source: str) -> bool:
    """Whether a source is the name of a set: ``mnist``, or ``emnist:letters`` for one within."""
    return source.split(":")[0] in SETS


def is_fetched(name: str) -> bool:
    """Whether a set lies whole in the cache: its folder is made last."""
    return (cache_folder() / name).is_dir()


def fetch(name: str, *, url: str | None = None, on_progress: Progress) -> Path:
    """Fetch a set into the cache, if it is not there yet.

    Parameters
    ----------
    name : str
        One of `SETS`.
    url : str, optional
        Another folder that has the same files, also without https; what comes from
        there must have the same digests.
    on_progress : callable
        Called with file name, bytes so far and bytes in all.

    Returns
    -------
    Path
        Folder of IDX files.

    Raises
    ------
    FetchError
        No network, or not the file expected; the next call goes on where this one ended.
    OutputError
        A cache that cannot be written.
    """
    if url is not None and not _is_address(url):
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
            partial.rmdir()  # where nothing has come
    return folder


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:  # a bracket that is not closed
        return False


def _unpack(archive: Path) -> None:
    """Replace an archive by the IDX files in it, wherever in it they are."""
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


def parts_of(source: str) -> tuple[str, ...]:
    """Parts of a set."""
    return tuple(SETS[source.split(":")[0]].stems)


def images_of(source: str, part: str | None) -> list[Path]:
    """Images files of a fetched set, of one part or of all.

    Raises
    ------
    DataError
        A set that is not fetched, or has no such part or set within.
    """
    name, _, kind = source.partition(":")
    found = SETS[name]
    if not is_fetched(name):
        raise DataError(
            f"{name} is not fetched yet "
            f"({found.size / 1e6:.0f} MB: ocr data fetch {name}; or give other data by --data)"
        )
    if kind and kind not in found.kinds:
        raise DataError(f"{name} has no set {kind!r} (choose {', '.join(found.kinds)})")
    if part is not None and part not in found.stems:
        raise DataError(f"{name} has no part {part!r} (choose {' or '.join(found.stems)})")
    return [
        cache_folder() / name / found.images.format(kind=kind or found.kinds[0], part=stem)
        for of, stem in found.stems.items()
        if part in (None, of)
    ]
