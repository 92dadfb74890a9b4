"""Training: data from many sources, distortion, the loop, and what it trains."""
