"""The ink network to an ONNX file that ONNX Runtime reads, half precision on disk.

The graph is written node by node, as in `ocr.classifiers.onnx_file`: batch norm is folded
into the convolutions, weights are stored as float16 and cast when the file is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ocr.files import write_whole
from tools.ink.network import Block, InkNetwork

OPSET = 17
IR_VERSION = 8  # read by every ONNX Runtime since 1.11
MASKS = ("ink", "rule", "core")
OUTPUTS = (*MASKS, "height", "turn")

Floats = NDArray[np.float32]


def save_onnx(
    path: Path, network: InkNetwork, about: Mapping[str, float | str] | None = None
) -> None:
    """Write the network: ``gray`` uint8 [1, 1, h, w] in, the five of `Maps` out.

    Ink, rule and core come as probabilities, uint8 0 to 255; height and turn as they are.
    What `about` tells, such as the accuracy, is kept in the file's metadata.

    Raises
    ------
    OutputError
        Where the file cannot be written; an older file there is left as it was.
    """
    graph = _Graph()
    graph.write(network)
    gray = helper.make_tensor_value_info("gray", TensorProto.UINT8, [1, 1, "h", "w"])
    outputs = [
        helper.make_tensor_value_info(
            name,
            TensorProto.UINT8 if name in MASKS else TensorProto.FLOAT,
            [1, 4 if name == "turn" else 1, f"{name}_h", f"{name}_w"],
        )
        for name in OUTPUTS
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "ink", [gray], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="ocr",
    )
    helper.set_model_props(model, {k: str(v) for k, v in (about or {}).items()})
    onnx.checker.check_model(model)
    write_whole(path, model.SerializeToString())


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[Floats, Floats]:
    """Weight and bias of a convolution with the batch norm behind it, as at inference."""
    weight = conv.weight.detach().double()
    bias = weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach().double()
    if norm is not None:
        variance, mean = norm.running_var.double(), norm.running_mean.double()  # type: ignore
        scale = norm.weight.detach().double() / torch.sqrt(variance + norm.eps)
        weight = weight * scale[:, None, None, None]
        bias = (bias - mean) * scale + norm.bias.detach().double()
    return weight.float().cpu().numpy(), bias.float().cpu().numpy()


class _Graph:
    """ONNX nodes and constants while they are collected."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def write(self, network: InkNetwork) -> None:
        """Append the nodes of `InkNetwork.forward`."""
        n = network
        half = self.layers(n.at_half, self.layers(n.stem, self.pixels_in("gray")))
        quarter = self.layers(n.at_quarter, self.layers(n.to_quarter, half))
        eighth = self.layers(n.at_eighth, self.layers(n.to_eighth, quarter))
        sixteenth = self.layers(n.at_sixteenth, self.layers(n.to_sixteenth, eighth))
        bottom = self.layers(n.at_bottom, self.layers(n.to_bottom, sixteenth))
        self.layers(n.turn, bottom, output="turn")
        up = [self.layers(n.up[3], bottom)]
        sixteenth = self.merged(up[-1], self.layers(n.lateral[2], sixteenth))
        sixteenth = self.layers(n.merged_sixteenth, sixteenth)
        eighth = self.merged(self.layers(n.up[2], sixteenth), self.layers(n.lateral[1], eighth))
        eighth = self.layers(n.merged_eighth, eighth)
        self.layers(n.height, eighth, output="height")
        quarter = self.merged(self.layers(n.up[1], eighth), self.layers(n.lateral[0], quarter))
        quarter = self.layers(n.merged_quarter, quarter)
        half = self.layers(n.merged_half, self.merged(self.layers(n.up[0], quarter), half))
        weight, bias = folded(n.pixels, None)
        for name, first in (("ink", 0), ("rule", 4)):
            four = self.convolution(weight[first : first + 4], bias[first : first + 4], half)
            self.in_bytes(self.add("DepthToSpace", [four], blocksize=2), name)
        self.in_bytes(self.convolution(weight[8:], bias[8:], half), "core")

    def pixels_in(self, gray: str) -> str:
        """Bytes to -1.0 to 1.0, the 2 x 2 pixels at each place as four channels."""
        scale = self.constant("scale", np.array(1 / 127.5, np.float32))
        one = self.constant("one", np.array(1, np.float32))
        x = self.add("Cast", [gray], to=TensorProto.FLOAT)
        x = self.add("Sub", [self.add("Mul", [x, scale]), one])
        return self.add("SpaceToDepth", [x], blocksize=2)

    def in_bytes(self, logits: str, output: str) -> str:
        """Logits to probabilities from 0 to 255: a page's maps are large."""
        most = self.constant("most", np.array(255, np.float32))
        scaled = self.add("Mul", [self.add("Sigmoid", [logits]), most])
        return self.add("Cast", [self.add("Round", [scaled])], output, to=TensorProto.UINT8)

    def layers(self, module: nn.Module, value: str, *, output: str = "") -> str:
        """Nodes of a `Sequential` of the layers that the network is made of."""
        if isinstance(module, Block):
            changed = self.layers(module.pointwise, self.layers(module.depthwise, value))
            return self.add("Relu", [self.add("Add", [value, changed])], output)
        layers = list(module.children())
        for i, layer in enumerate(layers):
            name = output if i + 1 == len(layers) else ""
            if isinstance(layer, nn.Conv2d):
                norm = layers[i + 1] if i + 1 < len(layers) else None
                norm = norm if isinstance(norm, nn.BatchNorm2d) else None
                weight, bias = folded(layer, norm)
                value = self.convolution(
                    weight, bias, value, stride=layer.stride[0], groups=layer.groups, output=name
                )
            elif isinstance(layer, nn.ReLU):
                value = self.add("Relu", [value], name)
            elif isinstance(layer, nn.AvgPool2d):
                value = self.add("AveragePool", [value], name, kernel_shape=[2, 2], strides=[2, 2])
            elif not isinstance(layer, nn.BatchNorm2d):
                value = self.layers(layer, value, output=name)
        return value

    def merged(self, below: str, beside: str) -> str:
        """Enlarge twice by repeating, and add."""
        twice = self.constant("twice", np.array([1, 1, 2, 2], np.float32))
        up = self.add(
            "Resize", [below, "", twice], mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        return self.add("Add", [up, beside])

    def convolution(
        self, weight: Floats, bias: Floats, value: str, *,
        stride: int = 1, groups: int = 1, output: str = "",
    ) -> str:  # fmt: skip
        """Node of a convolution that keeps the size, or divides it by its stride."""
        name = f"conv{len(self.constants)}"
        inputs = [value]
        for part, array in (("weight", weight), ("bias", bias)):
            stored = self.constant(f"{name}.{part}.half", array.astype(np.float16))
            inputs.append(self.add("Cast", [stored], to=TensorProto.FLOAT))
        pads = [weight.shape[2] // 2] * 4
        return self.add(
            "Conv", inputs, output, pads=pads, strides=[stride] * 2, group=groups,
            kernel_shape=list(weight.shape[2:]),
        )  # fmt: skip

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Name of a constant, added once."""
        if all(c.name != name for c in self.constants):
            self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Append a node; the name of its output."""
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output
