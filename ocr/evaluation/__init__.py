"""Measure how well pages and single letters are read, against ground truth."""
