"""Average the weights of several models, which reads better than each of them.

    python tools/mean_model.py default.onnx one.onnx other.onnx --measured 0.68 unipen@test

The models must have the same architecture and alphabet, and descend from the same model
(Wortsman et al. 2022, "Model soups"). The card is that of the last one, with the accuracy of the
mean and its test data, as `ocr eval` measured them. Needs onnx, from the extra "torch".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import onnx
from onnx.numpy_helper import from_array, to_array

#: Entries of a card that do not hold for the mean.
MEASURED = ("loss", "accuracy", "valid_loss", "valid_accuracy", "valid_data")


def main() -> None:
    """Parse the command line and write the model."""
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
    onnx.save(average(options.sources, measured), options.output)


def average(sources: list[Path], measured: dict[str, float | str]) -> onnx.ModelProto:
    """Return the mean of models, with the measured values in its card."""
    models = [onnx.load(source) for source in sources]
    weights = [{w.name: to_array(w) for w in model.graph.initializer} for model in models]
    mean = models[-1]
    for weight in mean.graph.initializer:
        if to_array(weight).dtype.kind == "f":
            total = sum(one[weight.name] for one in weights)
            weight.CopyFrom(from_array(total / len(weights), weight.name))
    [card] = [p for p in mean.metadata_props if p.key == "card"]
    values = {k: v for k, v in json.loads(card.value).items() if k not in MEASURED}
    card.value = json.dumps({**values, **measured, "mean_of": [source.name for source in sources]})
    return mean


if __name__ == "__main__":
    main()
