"""What was done with each file, kept in SQLite beside the outputs."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from ocr.batch.work import Failure
from ocr.errors import OutputError

WAITING, DONE, FAILED, SET_ASIDE = "waiting", "done", "failed", "set aside"

SECONDS_TOGETHER = 1.0  # what is done within is written at once: each time waits for the disk
PATIENCE = 60.0  # seconds that another process may look into the file

# a journal that is deleted, not SQLite's newer one: that needs memory shared between processes,
# which the file systems of clusters do not have
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
    """What was done with a file; the columns of `SCHEMA`."""

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
    """The entries of one manifest, written every second; a context that closes it.

    Parameters
    ----------
    path : Path
        It is made where it is not there.

    Raises
    ------
    OutputError
        Also from all that follows, where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = time.monotonic()
        with self._errors():
            self._database = sqlite3.connect(path, timeout=PATIENCE)
            self._database.executescript(SCHEMA)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        with self._errors():
            self._database.commit()
            self._database.close()

    def claim(self, folder: Path) -> None:
        """Note the folder of the inputs.

        Raises
        ------
        OutputError
            If it is not the one that was noted before: its files may be called alike.
        """
        with self._errors():
            row = self._database.execute("SELECT folder FROM inputs").fetchone()
        before = Path(os.fsdecode(row[0])) if row else folder
        if before != folder and not (before.exists() and before.samefile(folder)):
            raise OutputError(
                f"{self._path.parent} holds the outputs of {before}, not of {folder} (name another "
                f"folder; if the inputs were moved, link: ln -s {folder} {before})"
            )
        with self._errors():
            self._database.execute("DELETE FROM inputs")
            self._database.execute("INSERT INTO inputs VALUES (?)", (os.fsencode(folder),))
            self._database.commit()

    def entry(self, name: str) -> Entry | None:
        """What was done with a file; None where nothing is known of it."""
        with self._errors():
            row = self._database.execute("SELECT * FROM files WHERE name = ?", (name,)).fetchone()
            return Entry(*row) if row else None

    def entries(self) -> dict[str, Entry]:
        """All entries, by name."""
        with self._errors():
            rows = self._database.execute("SELECT * FROM files")
            return {row[0]: Entry(*row) for row in rows}

    def not_done(self) -> set[str]:
        """Names of the files that are not, or not wholly, read."""
        with self._errors():
            rows = self._database.execute("SELECT name FROM files WHERE state != ?", (DONE,))
            return {name for (name,) in rows}

    def failures(self) -> dict[str, list[Failure]]:
        """Why pages are not in the outputs, by name."""
        found: dict[str, list[Failure]] = {}
        with self._errors():
            rows = self._database.execute("SELECT name, page, reason, attempts FROM failures")
            for name, page, reason, attempts in rows:
                found.setdefault(name, []).append(Failure(page, reason, attempts))
        return found

    def expect(self, entries: Iterable[Entry]) -> None:
        """Note which files are going to be read: from now on their outputs may be of any run."""
        with self._errors():
            for entry in entries:
                self._put(entry, ())
            self._database.commit()

    def record(self, entry: Entry, failures: Sequence[Failure]) -> None:
        """Note what became of a file."""
        with self._errors():
            self._put(entry, failures)
        self.keep_up()

    def keep_up(self) -> None:
        """Write down what was noted, if the last time is a while ago; to be called often."""
        if time.monotonic() - self._written >= SECONDS_TOGETHER:
            with self._errors():
                self._database.commit()
            self._written = time.monotonic()

    def retain(self, entry: Entry) -> None:
        """Note that a file was written to since, yet its bytes are those that were read."""
        with self._errors():
            self._database.execute(
                "UPDATE files SET size = ?, changed = ? WHERE name = ?",
                (entry.size, entry.changed, entry.name),
            )
        self.keep_up()

    def take_in(self, other: Path) -> None:
        """Copy what another manifest knows better: newer entries that are not waiting."""
        with self._errors():
            self._database.execute("ATTACH ? AS other", (str(other),))
            self._database.executescript(TAKE_IN)
            self._database.execute("DETACH other")

    def _put(self, entry: Entry, failures: Sequence[Failure]) -> None:
        values = astuple(replace(entry, time=time.time()))
        self._database.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values
        )
        self._database.execute("DELETE FROM failures WHERE name = ?", (entry.name,))
        self._database.executemany(
            "INSERT INTO failures VALUES (?, ?, ?, ?)",
            [(entry.name, f.page, f.attempts, f.reason) for f in failures],
        )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OutputError(
                f"cannot use {self._path}: {error} (make room, or move it away if it is damaged)"
            ) from error


TAKE_IN = """
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
