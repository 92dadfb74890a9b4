"""The picture of a row to log-probabilities of its characters, column by column."""

from __future__ import annotations

from ocr.rows.image import RowImage, row_image
from ocr.rows.network import Readers, RowReader, load_row_reader

__all__ = ["Readers", "RowImage", "RowReader", "load_row_reader", "row_image"]
