"""Labelled letters: read from many formats, drawn from fonts and strokes, split, written."""
