"""What a page can be written as, one module a format."""
