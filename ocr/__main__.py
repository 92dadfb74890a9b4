"""``python -m ocr`` is ``ocr``."""

from ocr.cli import run

if __name__ == "__main__":
    run()
