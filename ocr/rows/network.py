"""Read pictures of rows with a network through ONNX Runtime."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr.alphabet import characters_of
from ocr.errors import ModelError
from ocr.models_dir import models_dir
from ocr.rows.image import RowImage
from ocr.threads import at_most_cores

Readers = Literal["letters", "rows", "both"]

STRIDE = 4  # px of the picture for each column of the output
NEVER = -60.0  # nats, log-probability of a character that the alphabet excludes


class RowReader:
    """A row network in ONNX Runtime; ModelError if the file is not one.

    Attributes
    ----------
    characters : str
        Those that it reads, the space too; output 0 is CTC's blank, output i + 1 stands for
        ``characters[i]``.
    card : dict
        Description of the model: architecture, alphabet, data, license.
    """

    def __init__(
        self, path: Path, *, threads: int | None = None, alphabet: str | None = None
    ) -> None:
        # imported by that module with telemetry off, and only if a network is used
        onnxruntime = import_module("ocr.classifiers.onnx").onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only; a bad file is reported below
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        if threads is not None:
            options.intra_op_num_threads = at_most_cores(threads)
        try:
            self._session: Any = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.card: dict[str, Any] = json.loads(metadata["card"])
            self.characters = str(self.card["characters"])
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise ModelError(f"cannot use {path}: not a row network (train one)") from error
        classes = self._session.get_outputs()[0].shape[-1]
        if self._session.get_inputs()[0].name != "rows" or classes != len(self.characters) + 1:
            raise ModelError(f"cannot use {path}: its network does not fit its card (retrain it)")
        allowed = self.characters if alphabet is None else characters_of(alphabet) + " "
        self._excluded = np.array([False, *(c not in allowed for c in self.characters)])

    def log_probs(self, row: RowImage) -> NDArray[np.float32]:
        """Return the log-probability of blank and of each character, float32 [ceil(w / 4), C].

        Characters outside the alphabet are excluded before the others are normalized.
        """
        width = row.pixels.shape[1]
        padded = np.pad(row.pixels, ((0, 0), (0, -width % STRIDE)))
        found: NDArray[np.float32] = self._session.run(None, {"rows": padded[None]})[0][0]
        if self._excluded.any():
            found[:, self._excluded] = NEVER
            found -= np.logaddexp.reduce(found, axis=1, keepdims=True)
        return found


def load_row_reader(
    readers: Readers, model: str | Path, alphabet: str | None, *, threads: int | None = None
) -> RowReader | None:
    """Load the row reader that ships, if it is to read beside a model.

    It is not used beside another model than `default`, which reads other letters or another hand,
    nor if the alphabet has a character that it lacks.
    """
    if readers == "letters" or (readers == "both" and str(model) not in ("default", "latin")):
        return None
    reader = RowReader(models_dir() / "default.rows.onnx", threads=threads, alphabet=alphabet)
    lacking = set(characters_of(alphabet or "")) - set(reader.characters)
    if not lacking:
        return reader
    if readers == "both":
        return None
    raise ModelError(
        f"the row reader does not know {''.join(sorted(lacking))!r} (leave out --reader rows)"
    )
