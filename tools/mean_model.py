"""Writes the model whose weights are the mean of others': it reads better than any of them.

    python tools/mean_model.py default.onnx one.onnx other.onnx --measured 0.68 unipen@test

The models have one architecture and one alphabet, and all go back to the same model, as else
their mean means nothing (Wortsman et al. 2022, "Model soups"). The card is that of the last,
with the accuracy that `ocr eval` measured of the mean, on what data. Needs onnx, which the
extra "torch" brings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import onnx
from onnx.numpy_helper import from_array, to_array

OF_ITSELF = ("loss", "accuracy", "valid_loss", "valid_accuracy", "valid_data")  # not of the mean


def main() -> None:
    """Parse the command line, and write the model."""
    parser = argparse.ArgumentParser(description="Average the weights of models.")
    parser.add_argument("output", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--measured", nargs=2, metavar=("ACCURACY", "DATA"))
    options = parser.parse_args()
    measured = {}
    if options.measured:
        measured = {
            "valid_accuracy": float(options.measured[0]),
            "valid_data": options.measured[1],
        }
    onnx.save(mean_of(options.sources, measured), options.output)


def mean_of(sources: list[Path], measured: dict[str, float | str]) -> onnx.ModelProto:
    """Mean of models, whose card says what was measured of it."""
    models = [onnx.load(source) for source in sources]
    weights = [{w.name: to_array(w) for w in model.graph.initializer} for model in models]
    mean = models[-1]
    for weight in mean.graph.initializer:
        if to_array(weight).dtype.kind == "f":
            total = sum(one[weight.name] for one in weights)
            weight.CopyFrom(from_array(total / len(weights), weight.name))
    [card] = [p for p in mean.metadata_props if p.key == "card"]
    values = {k: v for k, v in json.loads(card.value).items() if k not in OF_ITSELF}
    card.value = json.dumps({**values, **measured, "mean_of": [source.name for source in sources]})
    return mean


if __name__ == "__main__":
    main()
