"""Draw pages with exact masks, for training a network that finds the writing on a page.

`sources` reads the fonts, pen strokes, letters, pictures and texts that pages are made of,
`view` draws a square view of a page with the truth for every pixel, and `workers` draws many
views in several processes. All modules need OpenCV, which the extra "draw" installs.
"""
