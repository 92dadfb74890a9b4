"""One module for each kind of source: how to recognize it and how to read it.

A reader is a module with the three functions of `Reader`. To add a kind of source, write such a
module here and list it in `ocr.data.datasets.READERS`; `ocr train --data`, `ocr eval` and
`ocr data` then accept it. `ocr.data.cropping` has what readers share: `extract_ink` for images
of either polarity, and `crop_samples` from ink to labelled 32×32 crops.

======================  ==========================================================
`class_folder`          a folder with a folder of images for each character
`fonts`                 the word ``fonts``, or ``fonts:PATH``: glyphs are drawn
`idx`                   IDX files of MNIST and EMNIST
`mat`                   MATLAB files in the layout of NIST36
`npz`                   NumPy archives of images and characters
`public_sets`           EMNIST and MNIST by name, once they are downloaded
`split_folder`          a folder with a file for each of train, valid and test
`unipen`                pen strokes, one JSON object a line
======================  ==========================================================
"""

from __future__ import annotations

from typing import Protocol

from ocr.data.samples import Samples, Source


class Reader(Protocol):
    """Contract of a module that reads one kind of source."""

    def recognizes(self, source: Source) -> bool:
        """Return whether a source exists and is of this kind.

        A Path is always a file or folder; a name such as ``mnist`` comes as a str. Look at names
        and folders only: the first reader that recognizes a source must also read it.
        """

    def list_parts(self, source: Source) -> tuple[str, ...]:
        """Return which of train, valid and test can be read alone; for most kinds `no_parts`."""

    def read(self, source: Source, *, alphabet: str | None, seed: int, part: str | None) -> Samples:
        """Read the samples of a source.

        Parameters
        ----------
        source : str or Path
            One that `recognizes` returns True for.
        alphabet : str or None
            Characters to read; None reads all.
        seed : int
            For readers that draw at random (pen widths, fonts).
        part : str or None
            One of `list_parts`; None reads the whole source.

        Returns
        -------
        Samples
            In the order of the source, without blank images. May be empty.

        Raises
        ------
        DataError
            A damaged source, or one that breaks the rules of its format. An OSError needs no
            handling here: `ocr.data.datasets.load` turns it into a DataError.
        """
