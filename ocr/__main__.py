"""Run ``ocr`` as ``python -m ocr``."""

from ocr.cli.main import run

if __name__ == "__main__":
    run()
