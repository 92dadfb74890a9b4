"""Command line of the ink network's training."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from tools.ink.loop import Settings, train
from tools.ink.views import open_pack


def main() -> None:
    """Parse, train, print."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.ink", description=train.__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--pack", type=Path, required=True, help="what views are drawn from")
    parser.add_argument("--output", type=Path, required=True, help="folder that is written to")
    parser.add_argument("--initial", type=Path, help="weights (.npz) to start from")
    for field in fields(Settings):
        if field.name not in ("output", "initial"):
            option = "--" + field.name.replace("_", "-")
            parser.add_argument(option, type=type(field.default), default=field.default)
    given = vars(parser.parse_args())
    pack = given.pop("pack")
    settings = Settings(**given)
    train(settings, open_pack(pack, settings.view))


if __name__ == "__main__":
    main()
