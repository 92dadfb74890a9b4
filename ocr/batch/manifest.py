"""The manifest: an SQLite file among the outputs that records what was done with each input."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from ocr.batch.work import Failure
from ocr.errors import OutputError

WAITING, DONE, FAILED, SET_ASIDE = "waiting", "done", "failed", "set aside"

COMMIT_INTERVAL = 1.0  # s; each commit waits for the disk
TIMEOUT = 60.0  # s to wait while another process reads the file

# a rollback journal, not a write-ahead log: that needs memory shared between processes, which
# the network file systems of clusters do not offer
SCHEMA = """
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS files (
    name TEXT PRIMARY KEY,     -- path below the inputs' folder
    state TEXT NOT NULL,       -- waiting, done, failed or set aside
    size INTEGER,              -- bytes of the input when it was read
    changed INTEGER,           -- when it was last written to by then, nanoseconds since 1970
    digest TEXT,               -- SHA-256 of its bytes
    settings TEXT NOT NULL,    -- SHA-256 of the models, the options and the version of ocr
    pages INTEGER NOT NULL,    -- in the outputs
    time REAL NOT NULL,        -- of this entry, seconds since 1970
    outputs TEXT NOT NULL      -- name of each file that was written, and its SHA-256, as JSON
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    name TEXT NOT NULL,
    page INTEGER NOT NULL,     -- from 1; 0 where it is the file itself
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (name, page)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inputs (
    folder BLOB NOT NULL       -- the only row: what all names lie below, as the system spells it
);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Row of the table `files` in `SCHEMA`."""

    name: str
    state: str
    size: int | None
    changed: int | None
    digest: str
    settings: str
    pages: int = 0
    time: float = 0.0
    outputs: str = "{}"


class Manifest:
    """A manifest, committed about every second; a context manager that closes it.

    It is created if it does not exist. All methods raise OutputError if it cannot be read or
    written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = time.monotonic()
        with self._errors():
            self._database = sqlite3.connect(path, timeout=TIMEOUT)
            self._database.executescript(SCHEMA)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        with self._errors():
            self._database.commit()
            self._database.close()

    def claim(self, folder: Path) -> None:
        """Record the folder of the inputs.

        OutputError if another one was recorded before, whose files may have the same names.
        """
        rows = self._execute("SELECT folder FROM inputs")
        before = Path(os.fsdecode(rows[0][0])) if rows else folder
        if before != folder and not (before.exists() and before.samefile(folder)):
            raise OutputError(
                f"{self._path.parent} holds the outputs of {before}, not of {folder} (name another "
                f"folder; if the inputs were moved, link: ln -s {folder} {before})"
            )
        self._execute("DELETE FROM inputs")
        self._execute("INSERT INTO inputs VALUES (?)", os.fsencode(folder))
        self._commit()

    def entry(self, name: str) -> Entry | None:
        """Return the entry of a file; None if there is none."""
        rows = self._execute("SELECT * FROM files WHERE name = ?", name)
        return Entry(*rows[0]) if rows else None

    def entries(self) -> dict[str, Entry]:
        """Return all entries by name."""
        return {row[0]: Entry(*row) for row in self._execute("SELECT * FROM files")}

    def not_done(self) -> set[str]:
        """Return the names of files of which some page is not read."""
        return {row[0] for row in self._execute("SELECT name FROM files WHERE state != ?", DONE)}

    def failures(self) -> dict[str, list[Failure]]:
        """Return the failures of each file, by name."""
        found: dict[str, list[Failure]] = {}
        for name, *failure in self._execute("SELECT name, page, reason, attempts FROM failures"):
            found.setdefault(name, []).append(Failure(*failure))
        return found

    def expect(self, entries: Iterable[Entry]) -> None:
        """Record which files will be read: their outputs may be old or new until that is done."""
        for entry in entries:
            self._put(entry, ())
        self._commit()

    def record(self, entry: Entry, failures: Sequence[Failure]) -> None:
        """Record the outcome of a file."""
        self._put(entry, failures)
        self.commit_if_due()

    def commit_if_due(self) -> None:
        """Commit if the last commit is a while ago; call this often."""
        if time.monotonic() - self._written >= COMMIT_INTERVAL:
            self._commit()
            self._written = time.monotonic()

    def retain(self, entry: Entry) -> None:
        """Record a new size and time of a file whose bytes have not changed."""
        values = entry.size, entry.changed, entry.name
        self._execute("UPDATE files SET size = ?, changed = ? WHERE name = ?", *values)
        self.commit_if_due()

    def merge(self, other: Path) -> None:
        """Copy newer entries, except waiting ones, from another manifest."""
        with self._errors():
            self._database.execute("ATTACH ? AS other", (str(other),))
            self._database.executescript(MERGE)
            self._database.execute("DETACH other")

    def _put(self, entry: Entry, failures: Sequence[Failure]) -> None:
        values = astuple(replace(entry, time=time.time()))
        self._execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        self._execute("DELETE FROM failures WHERE name = ?", entry.name)
        for f in failures:
            failure = entry.name, f.page, f.attempts, f.reason
            self._execute("INSERT INTO failures VALUES (?, ?, ?, ?)", *failure)

    def _execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._errors():
            return self._database.execute(statement, values).fetchall()

    def _commit(self) -> None:
        with self._errors():
            self._database.commit()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OutputError(
                f"cannot use {self._path}: {error} (make room, or move it away if it is damaged)"
            ) from error


MERGE = """
BEGIN;
CREATE TEMP TABLE newer AS SELECT theirs.name FROM other.files theirs
    LEFT JOIN main.files ours USING (name)
    WHERE theirs.state != 'waiting' AND theirs.time > ifnull(ours.time, 0);
DELETE FROM main.failures WHERE name IN (SELECT name FROM temp.newer);
INSERT INTO main.failures
    SELECT * FROM other.failures WHERE name IN (SELECT name FROM temp.newer);
INSERT OR REPLACE INTO main.files
    SELECT * FROM other.files WHERE name IN (SELECT name FROM temp.newer);
DROP TABLE temp.newer;
COMMIT;
"""
