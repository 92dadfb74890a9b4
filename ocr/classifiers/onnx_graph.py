"""Write an ONNX graph node by node, and save it with a card that describes the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from ocr.files import write_whole

OPSET = 17
IR_VERSION = 8  # read by every ONNX Runtime since 1.11


class GraphBuilder:
    """ONNX nodes and constants while they are collected."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Add a constant once, and return its name."""
        if all(c.name != name for c in self.constants):
            self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Append a node and return the name of its output."""
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def write_model(path: Path, graph: onnx.GraphProto, card: str) -> None:
    """Check a graph and write it with its card, as JSON, whole or not at all."""
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="ocr",
    )
    helper.set_model_props(model, {"card": card})
    onnx.checker.check_model(model)
    write_whole(path, model.SerializeToString())
