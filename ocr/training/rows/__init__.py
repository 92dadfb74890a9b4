"""The network that reads rows of text, in torch."""
