"""What this machine knows of earlier runs: digests of files, what the service has acknowledged, parts under way.

One SQLite file in WAL mode: a record that was written outlives its process, however that ends; a power failure may
cost the last ones, and with them a question to the service. Every record is bound to the file's state (its stamp) and
to the service's address, so that nothing is taken for known that is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mememime_proxy.client.errors import ClientError

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS digests (place TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (service TEXT, alias TEXT, sha256 TEXT NOT NULL, wanted TEXT NOT NULL,
  spelt TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (service, alias)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (service TEXT, sha256 TEXT, number INTEGER, "first" INTEGER NOT NULL,
  "end" INTEGER NOT NULL, url TEXT NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (service, sha256, number)) WITHOUT ROWID;
CREATE TEMP TABLE claims (alias TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An alias as the service acknowledged it."""

    spelt: str
    version: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a large file that is under way: bytes ``first`` up to ``end`` go to ``url``."""

    number: int
    first: int
    end: int
    url: str
    etag: str = ""
    """What the storage called the part; '' = it is not there yet."""


class Journal:
    """Opened by ``with``. Calls are short and block; one thread at a time. All raise ClientError where the file cannot
    be used, the disk is full or another process holds it for half a minute."""

    def __init__(self, path: Path | None, service: str) -> None:
        """``path``: None = kept in memory only. ``service``: the address that acknowledgements are kept under."""
        self._path, self._service = path, service

    def __enter__(self) -> Self:
        try:
            if self._path:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                self._path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise ClientError(f"the journal {self._path} cannot be used: {error}") from error
        return self

    def _open(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            raise sqlite3.DatabaseError(f"found version {version}, expected {_VERSION}")
        self._database.executescript(_TABLES)
        self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def digest(self, place: str, stamp: str) -> str:
        """The digest of the file in this state; '' = not known."""
        row = self._do("SELECT sha256 FROM digests WHERE place = ? AND stamp = ?", (_text(place), stamp)).fetchone()
        return row[0] if row else ""

    def keep_digest(self, place: str, stamp: str, sha256: str) -> None:
        """Remembers a digest."""
        self._do("REPLACE INTO digests VALUES (?, ?, ?)", (_text(place), stamp, sha256))

    def named(self, alias: str, sha256: str, wanted: str) -> Named | None:
        """The alias, where the last that was acknowledged of it is this content with these wishes."""
        row = self._do(
            "SELECT spelt, version FROM named WHERE service = ? AND alias = ? AND sha256 = ? AND wanted = ?",
            (self._service, _text(alias), sha256, wanted),
        ).fetchone()
        return Named(*row) if row else None

    def knows(self, alias: str) -> bool:
        """Whether the alias was acknowledged, whatever of."""
        wanted = "SELECT 1 FROM named WHERE service = ? AND alias = ?"
        return self._do(wanted, (self._service, _text(alias))).fetchone() is not None

    def keep_named(self, alias: str, sha256: str, wanted: str, named: Named) -> None:
        """Remembers what was acknowledged."""
        self._do(
            "REPLACE INTO named VALUES (?, ?, ?, ?, ?, ?)",
            (self._service, _text(alias), sha256, wanted, named.spelt, named.version),
        )

    def parts(self, sha256: str) -> list[Part]:
        """The parts of a file, in order."""
        rows = self._do(
            'SELECT number, "first", "end", url, etag FROM parts WHERE service = ? AND sha256 = ? ORDER BY number',
            (self._service, sha256),
        )
        return [Part(*row) for row in rows]

    def keep_parts(self, sha256: str, parts: Sequence[Part]) -> None:
        """Remembers parts, beside those that are known by other numbers."""
        for part in parts:
            self._do(
                "REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._service, sha256, part.number, part.first, part.end, part.url, part.etag),
            )

    def drop_parts(self, sha256: str) -> None:
        """Forgets them: the file is there, or they are of no use."""
        self._do("DELETE FROM parts WHERE service = ? AND sha256 = ?", (self._service, sha256))

    def claim(self, alias: str, place: str) -> str:
        """Gives the alias to the file for this run; returns whose it is: this file's, or that of an earlier one."""
        self._do("INSERT OR IGNORE INTO temp.claims VALUES (?, ?)", (_text(alias), _text(place)))
        (owner,) = self._do("SELECT place FROM temp.claims WHERE alias = ?", (_text(alias),)).fetchone()
        return place if owner == _text(place) else str(owner)

    def _do(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise ClientError(f"the journal {self._path} cannot be used: {error}") from error


def _text(path: str) -> str:
    """``path`` as SQLite can have it: names that are no UTF-8 are spelt with escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
