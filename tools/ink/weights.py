"""Weights of the ink network in an .npz file, half precision, under torch's names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tools.ink.network import InkNetwork


def save_weights(path: Path, network: InkNetwork) -> None:
    """Write all weights and running means as float16, under torch's names."""
    state = network.state_dict()
    arrays = {
        k: v.detach().cpu().numpy().astype(np.float16 if v.is_floating_point() else np.int64)
        for k, v in state.items()
    }
    # running variances may exceed what half precision holds
    for k, v in state.items():
        if k.endswith("running_var"):
            arrays[k] = v.detach().cpu().numpy().astype(np.float32)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load_weights(path: Path, network: InkNetwork) -> int:
    """Load what fits by name and shape; the number of tensors that did."""
    state = network.state_dict()
    fitting = 0
    with np.load(path) as arrays:
        for name in arrays.files:
            value = torch.from_numpy(arrays[name])
            if name in state and state[name].shape == value.shape:
                state[name].copy_(value)
                fitting += 1
    return fitting
