from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

TOUCH = """
import resource
import numpy as np
from ocr.process import hurry
hurry()
arrays = [np.ones(1 << 20, np.uint8) for _ in range(32)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
del arrays
arrays = [np.ones(1 << 20, np.uint8) for _ in range(32)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(open("/proc/self/smaps").read())
"""


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists() or platform.libc_ver()[0] != "glibc",
    reason="needs a kernel's huge pages, and glibc",
)
def test_memory_is_kept_and_comes_in_huge_pages() -> None:
    done = subprocess.run([sys.executable, "-c", TOUCH], capture_output=True, check=True, text=True)
    faults, maps = done.stdout.split("\n", 1)
    assert int(faults) < 100  # of 8,192 pages
    heap = maps[maps.rindex("[heap]") :]
    flags = next(line for line in heap.splitlines() if line.startswith("VmFlags"))
    assert "hg" in flags.split()
