"""The model card: a description of the model, stored as JSON inside every model file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ocr.alphabet import Alphabet
from ocr.errors import ModelError

CROP_FORMAT = "fit-24-32"  # the method of ocr.segment.crops.fit


@dataclass(frozen=True)
class Card:
    """Description of a model; `ocr train` adds data, seed, epoch and measured accuracy."""

    values: dict[str, Any]  # at least architecture, alphabet, reject and crop

    @classmethod
    def describe(cls, architecture: str, alphabet: Alphabet, extra: dict[str, Any]) -> Card:
        """Build the card of a model to be saved."""
        own = {
            "architecture": architecture,
            "alphabet": alphabet.characters,
            "reject": alphabet.reject,
            "crop": CROP_FORMAT,
        }
        return cls({**extra, **own})

    @classmethod
    def parse(cls, text: str | None, path: Path) -> Card:
        """Parse the JSON of the model file `path`; ModelError if it is not a card of ocr."""
        try:
            values = json.loads(text or "")
            Alphabet(values["alphabet"], values["reject"])
            crop, _ = values["crop"], values["architecture"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"cannot use {path}: not a model of ocr (train one)") from error
        if crop != CROP_FORMAT:
            raise ModelError(
                f"cannot use {path}: its crops are {crop}, not {CROP_FORMAT} (train it again)"
            )
        return cls(values)

    def to_json(self) -> str:
        """Format the card for the model file."""
        return json.dumps(self.values, ensure_ascii=False)

    @cached_property
    def alphabet(self) -> Alphabet:
        """Meaning of each output of the model."""
        return Alphabet(self.values["alphabet"], self.values["reject"])

    @property
    def architecture(self) -> str:
        """Name of the network's architecture."""
        return str(self.values["architecture"])
