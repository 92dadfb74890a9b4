"""Find the ink of a page with the network that learned what writing is, or with a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from ocr.input.page_image import PageImage
from ocr.models_dir import models_dir
from ocr.segment.components import Components, Ink, letter_height
from ocr.segment.ink_network import InkMaps, InkNetwork
from ocr.segment.ink_scale import reading_scale
from ocr.segment.ink_strokes import find_writing
from ocr.segment.scaling import scale_image
from ocr.segment.threshold import Method, binarize, find_letters
from ocr.segment.upright import find_views
from ocr.threads import at_most_cores

Binarizer = InkNetwork | Method


@dataclass(frozen=True)
class FoundInk:
    """Writing found on a page.

    Attributes
    ----------
    image : PageImage
        At the scale at which its letters are read.
    ink : Ink
        Of that image.
    components : Components
        Those that are writing.
    maps : InkMaps or None
        Output of the network, if there is one, at a scale of its own.
    """

    image: PageImage
    ink: Ink
    components: Components
    maps: InkMaps | None = None


def load_binarizer(name: str | Path = "network", *, threads: int | None = None) -> Binarizer:
    """Load what finds ink: "network", the one that ships, "sauvola", "otsu", or a network's file.

    `threads` is the maximum number of cores that a network uses; by default all. Raises ModelError
    if the file is not an ink network.
    """
    if name in get_args(Method):
        return cast(Method, name)
    path = models_dir() / "default.ink.onnx" if name == "network" else Path(name)
    return InkNetwork(path, threads=None if threads is None else at_most_cores(threads))


def find_ink(image: PageImage, binarizer: Binarizer, *, rotate: bool) -> Iterator[FoundInk]:
    """Find the writing on a page, and scale the page so that its letters suit the classifier.

    A network also sets it upright; see `ocr.segment.upright.find_views`.
    """
    if isinstance(binarizer, str):
        yield find_dark_ink(image, binarizer)
        return
    for view, found in find_views(image, binarizer, rotate=rotate):
        scaled = scale_page(view, found.reading_scale(view.gray))
        yield FoundInk(scaled, *find_writing(scaled.gray, found.maps), found.maps)


def find_dark_ink(image: PageImage, method: Method) -> FoundInk:
    """Find ink that is darker than paper with a threshold, without a network."""
    letters = find_letters(binarize(image.gray, method).mask)
    image = scale_page(image, reading_scale(letter_height(letters), image.gray))
    ink = binarize(image.gray, method)
    return FoundInk(image, ink, find_letters(ink.mask))


def scale_page(image: PageImage, scale: float) -> PageImage:
    """Return a page with `gray` scaled."""
    return replace(image, gray=scale_image(image.gray, scale), scale=scale * image.scale)
