"""Train the network that finds the ink of a page, on pages that are drawn meanwhile.

`loop` has the loop; `pool` the drawn views, `batches` their augmentation, `learner` the network
and its optimizer, `validation` the figures, `onnx_file` the file that is read and trained again.
"""
