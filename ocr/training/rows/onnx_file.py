"""Save the row network as an ONNX file, and load its weights back.

The graph is written node by node, as in `ocr.classifiers.onnx_file`: batch norm stays a layer and
weights keep torch's names, so that the file can be trained again. Matrices are stored as float16
and computed with as float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ocr.classifiers.onnx_graph import GraphBuilder, write_model
from ocr.errors import ModelError
from ocr.files import read_errors
from ocr.rows.image import HEIGHT
from ocr.training.rows.network import Block, RowNetwork

UNSAVED = "num_batches_tracked"  # of batch norm; no output depends on it
#: Gates of an LSTM in ONNX's order (input, output, forget, cell) as places in torch's.
GATES = (0, 3, 1, 2)

Array = NDArray[Any]


def save_onnx(path: Path, network: RowNetwork, card: dict[str, Any]) -> None:
    """Write the network and its card (JSON values), whole or not at all.

    Its input is ``rows``, uint8 [N, 40, W] with W a multiple of 4, ink 255; its output is
    ``log_probs``, float32 [N, W/4, classes].
    """
    graph = _Graph(network)
    graph.write(network)
    rows = helper.make_tensor_value_info("rows", TensorProto.UINT8, ["N", HEIGHT, "W"])
    classes = network.output.out_features
    log_probs = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["N", "T", classes])
    found = helper.make_graph(graph.nodes, "row", [rows], [log_probs], graph.constants)
    write_model(path, found, json.dumps(card, ensure_ascii=False))


def load_network(path: Path) -> RowNetwork:
    """Load the network of a file that `save_onnx` wrote; ModelError if it is another one."""
    with read_errors(path, ModelError):
        data = path.read_bytes()
    try:
        tensors = onnx.load_from_string(data).graph.initializer
        arrays = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in tensors}
        network = RowNetwork(len(arrays["output.bias"]))
        state = network.state_dict()
        for name in state:
            if name.startswith("context."):
                state[name] = torch.from_numpy(_torch_lstm(name, arrays))
            elif not name.endswith(UNSAVED):
                state[name] = torch.from_numpy(arrays[name].copy())
        network.load_state_dict(state)
    except Exception as error:  # protobuf and onnx each raise their own
        raise ModelError(f"cannot start from {path}: not a row network (train one)") from error
    return network


def _onnx_lstm(network: RowNetwork, layer: int) -> dict[str, Array]:
    """Return W, R and B of a layer of the LSTM in ONNX's layout, both directions."""
    state = {k: v.detach().cpu().numpy() for k, v in network.context.state_dict().items()}
    ends = (f"l{layer}", f"l{layer}_reverse")

    def both_ways(key: str) -> Array:
        return np.stack([_by_gates(state[f"{key}_{end}"], GATES) for end in ends])

    biases = np.concatenate([both_ways("bias_ih"), both_ways("bias_hh")], axis=1)
    return {"W": both_ways("weight_ih"), "R": both_ways("weight_hh"), "B": biases}


def _torch_lstm(name: str, arrays: dict[str, Array]) -> Array:
    """Return a weight of torch's LSTM, such as ``context.weight_ih_l0``, from ONNX's arrays."""
    kind, part, end = name.removeprefix("context.").split("_", 2)
    layer, direction = int(end[1]), int(end.endswith("_reverse"))
    if kind == "weight":
        array = arrays[f"context.{layer}.{'W' if part == 'ih' else 'R'}"][direction]
    else:
        array = np.split(arrays[f"context.{layer}.B"][direction], 2)[part == "hh"]
    return _by_gates(array, np.argsort(GATES).tolist())


def _by_gates(array: Array, order: tuple[int, ...] | list[int]) -> Array:
    parts = np.split(array, 4)
    return np.concatenate([parts[i] for i in order])


class _Graph(GraphBuilder):
    """The row network's graph; weights keep torch's names."""

    def __init__(self, network: RowNetwork) -> None:
        super().__init__()
        self._names = {id(module): name for name, module in network.named_modules()}

    def write(self, network: RowNetwork) -> None:
        """Append the nodes of `RowNetwork.forward`."""
        x = self.layers(network.stem, self.strength("rows"))
        x = self.layers(network.at_half, self.pooled(x, [2, 2]))
        x = self.layers(network.at_quarter, self.pooled(x, [2, 2]))
        x = self.layers(network.column, self.layers(network.at_eighth, self.pooled(x, [2, 1])))
        x = self.add("Squeeze", [x, self.constant("height_axis", np.array([2], np.int64))])
        x = self.add("Transpose", [x], perm=[2, 0, 1])  # (T, N, features)
        for layer in range(network.context.num_layers):
            x = self.lstm(network, layer, x)
        x = self.add("Transpose", [x], perm=[1, 0, 2])  # (N, T, features)
        weight = self.weight("output.weight", network.output.weight)
        x = self.add("MatMul", [x, self.add("Transpose", [weight], perm=[1, 0])])
        x = self.add("Add", [x, self.weight("output.bias", network.output.bias)])
        self.add("LogSoftmax", [x], "log_probs", axis=2)

    def strength(self, rows: str) -> str:
        """Convert bytes [N, 40, W] to ink from 0 to 1, [N, 1, 40, W]."""
        x = self.add("Cast", [rows], to=TensorProto.FLOAT)
        x = self.add("Mul", [x, self.constant("scale", np.array(1 / 255, np.float32))])
        return self.add("Unsqueeze", [x, self.constant("channel_axis", np.array([1], np.int64))])

    def pooled(self, x: str, shape: list[int]) -> str:
        """Take the maximum of parts of a shape."""
        return self.add("MaxPool", [x], kernel_shape=shape, strides=shape)

    def layers(self, module: nn.Module, x: str) -> str:
        """Append the nodes of a `Sequential` or `Block`, or of one layer."""
        if isinstance(module, nn.Sequential):
            for layer in module.children():
                x = self.layers(layer, x)
            return x
        if isinstance(module, Block):
            changed = self.layers(module.second, self.layers(module.first, x))
            return self.add("Relu", [self.add("Add", [changed, self.layers(module.skip, x)])])
        if isinstance(module, nn.Identity):
            return x
        if isinstance(module, nn.ReLU):
            return self.add("Relu", [x])
        name = self._names[id(module)]
        state = {k: v for k, v in module.state_dict().items() if not k.endswith(UNSAVED)}
        if isinstance(module, nn.BatchNorm2d):
            keys = ("weight", "bias", "running_mean", "running_var")
            parts = [self.weight(f"{name}.{key}", state[key]) for key in keys]
            return self.add("BatchNormalization", [x, *parts], epsilon=module.eps)
        assert isinstance(module, nn.Conv2d)
        rows, columns = (int(side) for side in module.padding)
        return self.add(
            "Conv",
            [x, self.weight(f"{name}.weight", module.weight)],
            pads=[rows, columns, rows, columns],
        )

    def lstm(self, network: RowNetwork, layer: int, x: str) -> str:
        """Append a bidirectional LSTM: [T, N, features] to [T, N, 2 * hidden]."""
        arrays = _onnx_lstm(network, layer)
        parts = [self.store(f"context.{layer}.{key}", arrays[key]) for key in "WRB"]
        hidden = network.context.hidden_size
        x = self.add("LSTM", [x, *parts], hidden_size=hidden, direction="bidirectional")
        x = self.add("Transpose", [x], perm=[0, 2, 1, 3])  # (T, N, 2, hidden)
        together = self.constant("together", np.array([0, 0, 2 * hidden], np.int64))
        return self.add("Reshape", [x, together])

    def weight(self, name: str, tensor: torch.Tensor) -> str:
        """Store a weight of torch."""
        return self.store(name, tensor.detach().cpu().numpy())

    def store(self, name: str, array: Array) -> str:
        """Store matrices as float16, biases and statistics as float32; return it as float32."""
        if array.ndim < 2 or name.endswith(".B"):
            return self.constant(name, array.astype(np.float32))
        return self.add(
            "Cast", [self.constant(name, array.astype(np.float16))], to=TensorProto.FLOAT
        )
