"""Plug-ins through which other programs read with ocr."""
