"""Small files in the place of public sets, to be served by a `FileServer`."""

from __future__ import annotations

import hashlib

import numpy as np

from ocr.data.download import RemoteFile
from ocr.data.writers import idx_bytes


def known(name: str, body: bytes) -> RemoteFile:
    """Name, size and digest of a file."""
    return RemoteFile(name, len(body), hashlib.sha256(body).hexdigest())


def pair(count: int, label: int) -> tuple[bytes, bytes]:
    """An IDX pair of upright bars, gzipped."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 12:15] = 255
    images[:, 4:7, 12:20] = 255  # an arm at the top right
    return idx_bytes(images, ".gz"), idx_bytes(np.full(count, label, np.uint8), ".gz")
