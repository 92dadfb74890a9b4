"""Sum up the manifests of a folder, all shards together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ocr.batch.lock import manifests
from ocr.batch.manifest import DONE, FAILED, SET_ASIDE, WAITING, Entry, Manifest
from ocr.batch.work import Failure
from ocr.errors import OutputError


@dataclass(frozen=True)
class Status:
    """Number of files in each state, of pages in the outputs, and the failures."""

    files: dict[str, int]
    pages: int
    failures: dict[str, list[Failure]]


def status(folder: Path) -> Status:
    """Return the status of a folder; if manifests share a file, its last entry counts."""
    entries: dict[str, Entry] = {}
    failures: dict[str, list[Failure]] = {}
    paths = manifests(folder)
    if not paths:
        raise OutputError(f"no manifest in {folder} (name the folder that ocr batch wrote to)")
    for path in paths.values():
        with Manifest(path) as manifest:
            newer = {
                name: entry
                for name, entry in manifest.entries().items()
                if name not in entries or entry.time > entries[name].time
            }
            found = manifest.failures()
        entries |= newer
        failures |= {name: found.get(name, []) for name in newer}
    counts = Counter(entry.state for entry in entries.values())
    return Status(
        files={state: counts[state] for state in (DONE, FAILED, SET_ASIDE, WAITING)},
        pages=sum(entry.pages for entry in entries.values()),
        failures={name: failures[name] for name in sorted(failures) if failures[name]},
    )
