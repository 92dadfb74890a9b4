"""Save the ink network as an ONNX file, and load its weights to continue training.

The graph is written node by node, as in `ocr.classifiers.onnx_file`. Batch norm is folded into
the convolutions, and weights are stored as float16 and cast when the file is loaded, which makes
the file small and fast. `load_weights` reads them back, with batch norm that changes nothing;
`restore_norms` then gives it the statistics of some views, without changing the output.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ocr.classifiers.onnx_graph import GraphBuilder, write_model
from ocr.errors import ModelError
from ocr.files import read_errors
from ocr.segment.ink_network import OUTPUTS
from ocr.training.ink.network import Block, InkNetwork

MASKS = ("ink", "rule", "core")

Floats = NDArray[np.float32]


def save_onnx(path: Path, network: InkNetwork, card: dict[str, Any]) -> None:
    """Write the network and its card (JSON values), whole or not at all.

    Its input is ``gray``, uint8 [1, 1, h, w], its outputs are the five of `Maps`: ink, rule and
    core as probabilities, uint8 from 0 to 255, height and turn as they are.
    """
    graph = _Graph()
    graph.write(copy.deepcopy(network).cpu())
    gray = helper.make_tensor_value_info("gray", TensorProto.UINT8, [1, 1, "h", "w"])
    outputs = [
        helper.make_tensor_value_info(
            name,
            TensorProto.UINT8 if name in MASKS else TensorProto.FLOAT,
            [1, 4 if name == "turn" else 1, f"{name}_h", f"{name}_w"],
        )
        for name in OUTPUTS
    ]
    found = helper.make_graph(graph.nodes, "ink", [gray], outputs, graph.constants)
    write_model(path, found, json.dumps(card, ensure_ascii=False))


@torch.no_grad()
def load_weights(path: Path, network: InkNetwork) -> None:
    """Load the weights of a file that `save_onnx` wrote; ModelError if it is another one.

    Batch norm then adds a shift and does no more; see `restore_norms`.
    """
    with read_errors(path, ModelError):
        data = path.read_bytes()
    graph = _Graph()
    graph.write(network)
    try:
        model = onnx.load_from_string(data)
        names = [output.name for output in model.graph.output]
        arrays = [
            torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float32))
            for tensor in model.graph.initializer
            if tensor.data_type == TensorProto.FLOAT16
        ]
        if names != list(OUTPUTS):
            raise ValueError("other outputs")
        for layer, weight, bias in zip(
            graph.layers_in_order, arrays[::2], arrays[1::2], strict=True
        ):
            layer.set(weight, bias)
    except Exception as error:  # protobuf and onnx each raise their own
        raise ModelError(f"cannot start from {path}: not an ink network (train one)") from error


@torch.no_grad()
def restore_norms(network: InkNetwork, gray: torch.Tensor) -> None:
    """Give batch norm the statistics of pages, float [N, 1, h, w], after `load_weights`.

    In evaluation the output remains the same; in training it is about the same.
    """

    def set_statistics(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3))
        norm.bias.add_(mean)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        for statistic, value in ((norm.running_mean, mean), (norm.running_var, variance)):
            assert statistic is not None
            statistic.copy_(value)

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(set_statistics) for norm in norms]
    network.eval()
    network(gray)
    for hook in hooks:
        hook.remove()


class _Layer(NamedTuple):
    """A convolution, or some of its outputs, with the batch norm behind it if there is one."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d | None
    outputs: slice

    def folded(self) -> tuple[Floats, Floats]:
        """Return weight and bias with batch norm folded into them, as in evaluation."""
        conv, norm = self.conv, self.norm
        weight = conv.weight.detach().double()
        bias = weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach().double()
        if norm is not None:
            variance, mean = norm.running_var.double(), norm.running_mean.double()  # type: ignore
            scale = norm.weight.detach().double() / torch.sqrt(variance + norm.eps)
            weight = weight * scale[:, None, None, None]
            bias = (bias - mean) * scale + norm.bias.detach().double()
        return weight[self.outputs].float().numpy(), bias[self.outputs].float().numpy()

    def set(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Set the weights; ValueError if they are of another shape."""
        shift = self.conv.bias if self.norm is None else self.norm.bias
        assert shift is not None
        for tensor, value in ((self.conv.weight, weight), (shift, bias)):
            if tensor[self.outputs].shape != value.shape:
                raise ValueError("other layers")
            tensor[self.outputs] = value
        if self.norm is not None:
            nn.init.ones_(self.norm.weight)
            self.norm.reset_running_stats()


class _Graph(GraphBuilder):
    """The ink network's graph, and its layers in the order of their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers_in_order: list[_Layer] = []

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
        for name, first in (("ink", 0), ("rule", 4)):
            four = self.convolution(_Layer(n.pixels, None, slice(first, first + 4)), half)
            self.in_bytes(self.add("DepthToSpace", [four], blocksize=2), name)
        self.in_bytes(self.convolution(_Layer(n.pixels, None, slice(8, 9)), half), "core")

    def pixels_in(self, gray: str) -> str:
        """Convert bytes to -1.0 to 1.0, and the 2 x 2 pixels at each place to four channels."""
        scale = self.constant("scale", np.array(1 / 127.5, np.float32))
        one = self.constant("one", np.array(1, np.float32))
        x = self.add("Cast", [gray], to=TensorProto.FLOAT)
        x = self.add("Sub", [self.add("Mul", [x, scale]), one])
        return self.add("SpaceToDepth", [x], blocksize=2)

    def in_bytes(self, logits: str, output: str) -> str:
        """Convert logits to probabilities from 0 to 255, as a page's maps are large."""
        most = self.constant("most", np.array(255, np.float32))
        scaled = self.add("Mul", [self.add("Sigmoid", [logits]), most])
        return self.add("Cast", [self.add("Round", [scaled])], output, to=TensorProto.UINT8)

    def layers(self, module: nn.Module, value: str, *, output: str = "") -> str:
        """Append the nodes of a `Sequential` of the layers that the network is made of."""
        if isinstance(module, Block):
            changed = self.layers(module.pointwise, self.layers(module.depthwise, value))
            return self.add("Relu", [self.add("Add", [value, changed])], output)
        layers = list(module.children())
        for i, layer in enumerate(layers):
            name = output if i + 1 == len(layers) else ""
            if isinstance(layer, nn.Conv2d):
                norm = layers[i + 1] if i + 1 < len(layers) else None
                norm = norm if isinstance(norm, nn.BatchNorm2d) else None
                value = self.convolution(_Layer(layer, norm, slice(None)), value, name)
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

    def convolution(self, layer: _Layer, value: str, output: str = "") -> str:
        """Append the node of a convolution that keeps the size, or divides it by its stride."""
        self.layers_in_order.append(layer)
        weight, bias = layer.folded()
        name = f"conv{len(self.constants)}"
        inputs = [value]
        for part, array in (("weight", weight), ("bias", bias)):
            stored = self.constant(f"{name}.{part}.half", array.astype(np.float16))
            inputs.append(self.add("Cast", [stored], to=TensorProto.FLOAT))
        pads = [weight.shape[2] // 2] * 4
        return self.add(
            "Conv", inputs, output, pads=pads, strides=list(layer.conv.stride),
            group=layer.conv.groups, kernel_shape=list(weight.shape[2:]),
        )  # fmt: skip
