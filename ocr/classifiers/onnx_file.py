"""Save a torch `Sequential` as a self-describing ONNX file, and load it back.

This is an exporter of its own, for the few layers of our networks, because the file must also
be trainable again: batch norm stays a layer and weights keep torch's names, so that one file
serves both ONNX Runtime (which fuses the layers when it loads them) and `--init`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ocr.classifiers.card import Card
from ocr.classifiers.cnn import ARCHITECTURES, TorchClassifier
from ocr.classifiers.onnx_graph import write_model
from ocr.errors import ModelError

UNSAVED = "num_batches_tracked"  # of batch norm; no output depends on it


def save_onnx(path: Path, network: nn.Sequential, card: Card) -> None:
    """Write a network with the architecture and the outputs of its card, whole or not at all.

    The network of the file returns log-probabilities.
    """
    write_model(path, _graph(network, len(card.alphabet)), card.to_json())


def load_torch(path: Path) -> tuple[TorchClassifier, Card]:
    """Load an ONNX file of ocr as a torch network, with its card."""
    try:
        model = onnx.load(path)
        card = Card.parse({p.key: p.value for p in model.metadata_props}.get("card"), path)
        network = ARCHITECTURES[card.architecture](len(card.alphabet))
        counts = {k: v for k, v in network.state_dict().items() if k.endswith(UNSAVED)}
        network.load_state_dict({**counts, **_weights(model.graph)})
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror} (check the path)") from error
    except ModelError:
        raise
    except Exception as error:  # protobuf and onnx each raise their own
        raise ModelError(f"cannot use {path}: not a trainable model of ocr (retrain it)") from error
    return TorchClassifier(network, card.alphabet), card


def _weights(graph: onnx.GraphProto) -> dict[str, torch.Tensor]:
    arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer if "." in t.name}
    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def _graph(network: nn.Sequential, outputs: int) -> onnx.GraphProto:
    nodes = [helper.make_node("Unsqueeze", ["crops", "channel_axis"], ["x"])]
    constants = [numpy_helper.from_array(np.array([1], np.int64), "channel_axis")]
    value = "x"
    for name, layer in network.named_children():
        node = _node(name, layer, value)
        nodes.append(node)
        value = node.output[0]
        constants += [
            numpy_helper.from_array(t.detach().cpu().numpy(), f"{name}.{key}")
            for key, t in layer.state_dict().items()
            if key != UNSAVED
        ]
    nodes.append(helper.make_node("LogSoftmax", [value], ["log_probs"], axis=1))
    crops = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 32, 32])
    result = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["N", outputs])
    return helper.make_graph(nodes, "ocr", [crops], [result], constants)


def _node(name: str, layer: nn.Module, value: str) -> onnx.NodeProto:
    """Convert a layer to an ONNX node with input `value` and weights under torch's names."""
    out = [f"{name}.out"]
    if isinstance(layer, nn.Conv2d):
        bias = [f"{name}.bias"] if layer.bias is not None else []
        pads = [layer.padding[0]] * 4
        return helper.make_node("Conv", [value, f"{name}.weight", *bias], out, pads=pads)
    if isinstance(layer, nn.BatchNorm2d):
        weights = [f"{name}.{k}" for k in ("weight", "bias", "running_mean", "running_var")]
        return helper.make_node("BatchNormalization", [value, *weights], out, epsilon=layer.eps)
    if isinstance(layer, nn.MaxPool2d):
        side = [int(layer.kernel_size)] * 2  # type: ignore[arg-type]
        return helper.make_node("MaxPool", [value], out, kernel_shape=side, strides=side)
    if isinstance(layer, nn.Linear):
        return helper.make_node("Gemm", [value, f"{name}.weight", f"{name}.bias"], out, transB=1)
    simple = {nn.ReLU: "Relu", nn.Sigmoid: "Sigmoid", nn.Tanh: "Tanh", nn.Flatten: "Flatten"}
    return helper.make_node(simple[type(layer)], [value], out)
