"""``python -m ocr`` is ``ocr``."""

from ocr.cli import main

if __name__ == "__main__":
    main(prog_name="ocr")
