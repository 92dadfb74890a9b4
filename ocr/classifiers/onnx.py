"""Classify with a network through ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# else it reports each use to its maker and stores an ID of this machine in the user's cache;
# the variable is read at import
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # noqa: E402

from ocr.alphabet import Alphabet
from ocr.classifiers.card import Card
from ocr.errors import ModelError

BATCH = 32  # crops: the activations of more do not fit into the cache, and take memory


class OnnxClassifier:
    """An ONNX model file as a `Classifier`; ModelError if it is not a model of ocr.

    It uses at most `threads` cores, by default all.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # only errors: we report a bad file ourselves
        # spinning threads cost more than they save, and an arena does not give memory back
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise ModelError(f"cannot use {path}: not an ONNX model (train one)") from error
        self.card = Card.parse(self._session.get_modelmeta().custom_metadata_map.get("card"), path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if inputs[0].name != "crops" or outputs[0].shape[-1] != len(self.alphabet):
            raise ModelError(f"cannot use {path}: its network does not fit its card (retrain it)")

    @property
    def alphabet(self) -> Alphabet:
        """Meaning of each output."""
        return self.card.alphabet

    def log_probs(self, crops: NDArray[np.float32]) -> NDArray[np.float32]:
        """Classify crops, float32 [N, 32, 32]; return log-probabilities, float32 [N, C]."""
        out = np.empty((len(crops), len(self.alphabet)), np.float32)
        for start in range(0, len(crops), BATCH):
            batch = np.ascontiguousarray(crops[start : start + BATCH])
            out[start : start + BATCH] = self._session.run(None, {"crops": batch})[0]
        return out
