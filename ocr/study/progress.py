"""How far a study is, for the one who waits: on stderr, as the answer goes to stdout."""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Print a line on stderr at once."""
    print(line, file=sys.stderr, flush=True)
