from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from ocr.export import json as json_format
from tests.small_page import BLANK, PAGE, written

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads((files("ocr.export") / "json.schema.json").read_text("utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def values_of(*pages: Any, **about: Any) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(written("json", *pages, **about))
    return values


def test_schema_is_one_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_is_that_of_the_version_written() -> None:
    assert SCHEMA["properties"]["version"]["const"] == json_format.VERSION


@pytest.mark.parametrize(
    "values",
    [
        values_of(),
        values_of(BLANK),
        values_of(PAGE, PAGE, dpi=300.0),
        values_of(PAGE.rejecting(0.9), name="\udce9.png"),
    ],
)
def test_schema_allows_what_is_written(values: dict[str, Any]) -> None:
    CHECK.validate(values)


def test_line_has_its_baseline_and_the_height_of_a_capital() -> None:
    known, unknown = values_of(PAGE)["pages"][0]["lines"]
    assert known["baseline"] == {"left": 60.25, "right": 64.0, "capital": 39.0}
    assert unknown["baseline"] is None


def test_page_has_its_number_and_resolution() -> None:
    page = values_of(PAGE, dpi=300.0)["pages"][0]
    assert (page["number"], page["dpi"]) == (1, 300.0)
    assert values_of(PAGE)["pages"][0]["dpi"] is None


@pytest.mark.parametrize("level", ["page", "line", "baseline", "word", "glyph"])
def test_schema_names_every_field(level: str) -> None:
    page = values_of(PAGE)["pages"][0]
    line = page["lines"][0]
    parts = {"page": page, "line": line, "baseline": line["baseline"], "word": line["words"][0]}
    parts["glyph"] = parts["word"]["glyphs"][0]
    described = SCHEMA["$defs"][level]
    assert set(parts[level]) == set(described["properties"]) == set(described["required"])


def test_schema_refuses_what_is_never_written() -> None:
    values = values_of(PAGE)
    values["pages"][0]["lines"][0]["confidence"] = 1.5
    assert not CHECK.is_valid(values)
