"""How well pages and single letters are read, measured against ground truth."""
