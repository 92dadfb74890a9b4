"""Exceptions and their exit codes.

OcrError                  1   base of all others; not raised itself
├── ImageError            3   an image that cannot be read
├── ModelError            4   a model that cannot be loaded or used
├── DataError             5   training or evaluation data that cannot be used
├── OutputError           6   a file or folder that cannot be written
├── MissingExtraError     7   a feature whose optional dependency is not installed
├── FetchError            8   a file that cannot be fetched from the network
├── IncompleteError       9   a batch in which some files could not be read
└── ClusterError         10   a cluster that cannot be reached or used

Exit code 2 is click's own, for a command line that does not parse; 130 follows Ctrl-C.
Every message is one line that says what is wrong, with which file, and what to do.
"""


class OcrError(Exception):
    """Base of all errors that ocr raises on purpose."""

    exit_code = 1


class ImageError(OcrError):
    """An image that cannot be read."""

    exit_code = 3


class ModelError(OcrError):
    """A model that cannot be loaded, or does not support what was requested."""

    exit_code = 4


class DataError(OcrError):
    """Training or evaluation data that is missing, empty or of the wrong shape."""

    exit_code = 5


class OutputError(OcrError):
    """A file or folder that cannot be written."""

    exit_code = 6


class MissingExtraError(OcrError):
    """A feature whose optional dependency is not installed.

    Parameters
    ----------
    feature : str
        The requested feature as the start of a sentence: "training with torch".
    extra : str
        The extra of this package that provides it: "torch".
    """

    exit_code = 7

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra: pip install 'ocr[{extra}]'")


class FetchError(OcrError):
    """A file that cannot be fetched, or is not the expected one."""

    exit_code = 8


class IncompleteError(OcrError):
    """A batch in which some files could not be read; the others were."""

    exit_code = 9


class ClusterError(OcrError):
    """A cluster that cannot be reached or used."""

    exit_code = 10
