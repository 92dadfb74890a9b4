"""Drawn pages with exact masks, to train a network that tells writing from everything else.

``Sources`` holds what is drawn from: fonts, pen strokes, letters, textures and English text.
``draw_view`` draws one square view of a page, a board, a sign or a scene without any writing,
together with the truth for every pixel.
"""

from ocr.errors import MissingExtraError

try:
    import cv2  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError("drawing pages for training", "draw") from error

from tools.ink.drawing.sources import Sources  # noqa: E402
from tools.ink.drawing.view import View, draw_view  # noqa: E402

__all__ = ["Sources", "View", "draw_view"]
