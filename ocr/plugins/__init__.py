"""What other programs load to read with ocr."""
