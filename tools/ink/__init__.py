"""Train the network that tells ink of writing from everything else on a page.

``python -m tools.ink --pack PACK --output FOLDER`` draws views of pages in worker
processes, trains on them until the time is up, and writes weights, an ONNX file and the
accuracy on views of hands and fonts that were kept apart.
"""
