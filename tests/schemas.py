"""The official schemas of ALTO and PAGE, where the machine has them.

ALTO's is under CC BY-SA, and PAGE's repository names no licence in the schema, so neither is part
of this project. docs/formats.md says where they come from; they are looked for in $OCR_SCHEMAS.
PAGE's is also in the package `ocrd`.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from lxml import etree

XLINK = "http://www.loc.gov/standards/xlink/xlink.xsd"  # which ALTO's schema imports


class _Beside(etree.Resolver):
    """Takes what a schema imports from the net from the schema's own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, url: str, public_id: str, context: object) -> object:
        if url == XLINK:
            return self.resolve_filename(str(self.folder / "xlink.xsd"), context)
        return None


def schema(name: str) -> etree.XMLSchema:
    """`alto-4-4.xsd` or `pagecontent.xsd`; the test is skipped where it is missing."""
    path = _path(name)
    if path is None:
        pytest.skip(f"needs {name} in the folder $OCR_SCHEMAS (see docs/formats.md)")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Beside(path.parent))
    return etree.XMLSchema(etree.parse(path, parser))


def _path(name: str) -> Path | None:
    places = [Path(os.environ.get("OCR_SCHEMAS", "")) / name]
    package = importlib.util.find_spec("ocrd_validators")
    if name == "pagecontent.xsd" and package is not None and package.origin is not None:
        places.append(Path(package.origin).parent / "page.xsd")
    return next((path for path in places if path.is_file()), None)
