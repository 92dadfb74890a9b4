"""MODEL.md of an ink network: data, settings and figures on held-out views."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ocr.files import write_whole
from ocr.training.ink.pool import HELD_OUT, REUSE
from ocr.training.log import Panels
from ocr.training.model_card import as_code, card_path, table, training_section, versions

CURVES: Panels = {
    "loss": {"training": "loss", "validation": "valid_loss"},
    "F on held-out views": {"ink": "ink_f", "rules": "rule_f", "cores of rows": "core_f"},
}
FIGURES = {
    "ink_f": "ink, F of its pixels",
    "rule_f": "rules and boxes, F of their pixels",
    "core_f": "cores of rows, F of their pixels",
    "height_error": "height of capitals, median relative error",
    "turn": "views whose quarter turn is recognized",
    "blank_with_ink": "views without writing on which ink is found",
}


def write_card(model: Path, card: dict[str, Any], command: str) -> None:
    """Write the card of an ink network that was just trained with a command line."""
    sources = ", ".join(as_code(source) for source in card["data"])
    contents = ", ".join(f"{count:,} {name}" for name, count in card["contents"].items() if count)
    figures = [(text, f"{card[key]:.3f}") for key, text in FIGURES.items() if key in card]
    parts = [
        f"# {model.name}",
        "Finds ink of writing and print, ruled lines and boxes, rows of text, the height of their "
        "letters, and which side of a page is up.\n\n"
        f"    ocr read --binarize {shlex.quote(model.name)} IMAGE",
        "## Data",
        f"Pages drawn from {sources}: {contents}. One in ten of each kind is held out. "
        f"{card['views']:,} views were shown, each that was drawn about {REUSE} times.",
        "## Training",
        training_section(card, command),
        "## Accuracy",
        f"On {HELD_OUT} views drawn from what was held out, equally many turned by 0, 90, 180 and "
        f"270 degrees:\n\n{table(('', ''), figures)}",
        versions(),
    ]
    write_whole(card_path(model), ("\n\n".join(parts) + "\n").encode())
