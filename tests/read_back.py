"""Words with their boxes, read from a file in any of the formats by what others read it with."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

from lxml import etree

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
PAGE = "{http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15}"
XHTML = "{http://www.w3.org/1999/xhtml}"

Found = tuple[str, tuple[int, int, int, int]]  # a word, its left, top, right and bottom


def words(form: str, content: bytes) -> list[Found]:
    """Words of a file, in its order."""
    return list(READERS[form](content))


def _json(content: bytes) -> Iterator[Found]:
    for page in json.loads(content)["pages"]:
        for line in page["lines"]:
            for word in line["words"]:
                yield word["text"], tuple(word["box"])


def _tsv(content: bytes) -> Iterator[Found]:
    table = io.StringIO(content.decode())
    for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5":
            left, top, width, height = (int(row[k]) for k in ("left", "top", "width", "height"))
            yield row["text"], (left, top, left + width, top + height)


def _csv(content: bytes) -> Iterator[Found]:
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        left, top, right, bottom = (int(row[k]) for k in ("left", "top", "right", "bottom"))
        yield row["text"], (left, top, right, bottom)


def _hocr(content: bytes) -> Iterator[Found]:
    for word in etree.fromstring(content).iter(XHTML + "span"):
        if word.get("class") == "ocrx_word":
            left, top, right, bottom = map(int, re.findall(r"\d+", word.get("title"))[:4])
            yield "".join(word.itertext()), (left, top, right, bottom)


def _alto(content: bytes) -> Iterator[Found]:
    for word in etree.fromstring(content).iter(ALTO + "String"):
        left, top, width, height = (int(word.get(k)) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        yield word.get("CONTENT"), (left, top, left + width, top + height)


def _page(content: bytes) -> Iterator[Found]:
    for word in etree.fromstring(content).iter(PAGE + "Word"):
        points = [
            tuple(map(int, p.split(","))) for p in word.find(PAGE + "Coords").get("points").split()
        ]
        xs, ys = zip(*points, strict=True)
        text = word.find(f"{PAGE}TextEquiv/{PAGE}Unicode").text
        yield text, (min(xs), min(ys), max(xs), max(ys))


READERS = {"json": _json, "tsv": _tsv, "csv": _csv, "hocr": _hocr, "alto": _alto, "page": _page}
