"""The journal of earlier runs: digests of files, aliases that the service acknowledged, unfinished parts.

One SQLite file in WAL mode: a record survives the end of its process, however it ends; a power failure may cost the
last records, which are then asked from the service again. Digests are bound to the state of the file (its stamp), all
else to the URL of the service.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mememime_proxy.client.errors import ClientError, valid_unicode

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS digests (place TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (service TEXT, alias TEXT, sha256 TEXT NOT NULL, wanted TEXT NOT NULL,
  spelt TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (service, alias)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (service TEXT, sha256 TEXT, number INTEGER, "first" INTEGER NOT NULL,
  "end" INTEGER NOT NULL, url TEXT NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (service, sha256, number)) WITHOUT ROWID;
CREATE TEMP TABLE claims (skeleton TEXT PRIMARY KEY, name TEXT NOT NULL, place TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class AcknowledgedAlias:
    """An alias as the service acknowledged it."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An alias that a file of this run has, and the file's place."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a large file: bytes ``first`` to before ``end``, uploaded to ``url``."""

    number: int
    first: int
    end: int
    url: str
    etag: str = ""
    """The ETag of the part in the storage; '' = it has not been sent."""


class Journal:
    """Records of runs. Opened by ``with``; calls are short and block, one thread at a time.

    All methods raise ClientError where the file cannot be used, the disk is full, or another process locks it for half
    a minute.
    """

    def __init__(self, path: Path | None, service: str) -> None:
        """``path``: None = in memory. ``service``: the key of acknowledgements, for example its URL."""
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

    def get_digest(self, place: str, stamp: str) -> str:
        """Return the digest of the file in this state; '' = unknown."""
        row = self._execute(
            "SELECT sha256 FROM digests WHERE place = ? AND stamp = ?", (valid_unicode(place), stamp)
        ).fetchone()
        return row[0] if row else ""

    def store_digest(self, place: str, stamp: str, sha256: str) -> None:
        """Store the digest of a file."""
        self._execute("REPLACE INTO digests VALUES (?, ?, ?)", (valid_unicode(place), stamp, sha256))

    def get_alias(self, alias: str, sha256: str, attributes: str) -> AcknowledgedAlias | None:
        """Return the alias, where its last acknowledged state has this content and these attributes."""
        row = self._execute(
            "SELECT spelt, version FROM named WHERE service = ? AND alias = ? AND sha256 = ? AND wanted = ?",
            (self._service, valid_unicode(alias), sha256, attributes),
        ).fetchone()
        return AcknowledgedAlias(*row) if row else None

    def has_alias(self, alias: str) -> bool:
        """Whether the alias was ever acknowledged."""
        query = "SELECT 1 FROM named WHERE service = ? AND alias = ?"
        return self._execute(query, (self._service, valid_unicode(alias))).fetchone() is not None

    def store_alias(self, alias: str, sha256: str, attributes: str, acknowledged: AcknowledgedAlias) -> None:
        """Store an alias that the service acknowledged."""
        self._execute(
            "REPLACE INTO named VALUES (?, ?, ?, ?, ?, ?)",
            (self._service, valid_unicode(alias), sha256, attributes, acknowledged.name, acknowledged.version),
        )

    def get_parts(self, sha256: str) -> list[Part]:
        """Return the parts of a file, in order."""
        rows = self._execute(
            'SELECT number, "first", "end", url, etag FROM parts WHERE service = ? AND sha256 = ? ORDER BY number',
            (self._service, sha256),
        )
        return [Part(*row) for row in rows]

    def store_parts(self, sha256: str, parts: Sequence[Part]) -> None:
        """Store parts; those with other numbers stay."""
        for part in parts:
            self._execute(
                "REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._service, sha256, part.number, part.first, part.end, part.url, part.etag),
            )

    def delete_parts(self, sha256: str) -> None:
        """Delete the parts of a file: it is uploaded, or they cannot be used."""
        self._execute("DELETE FROM parts WHERE service = ? AND sha256 = ?", (self._service, sha256))

    def claim_alias(self, skeleton: str, name: str, place: str) -> Claim | None:
        """Reserve an alias, and all with the same skeleton, for the file in this run.

        None = it is this file's; else the claim of the file that has it.
        """
        self._execute("INSERT OR IGNORE INTO temp.claims VALUES (?, ?, ?)", (skeleton, name, valid_unicode(place)))
        row = self._execute("SELECT name, place FROM temp.claims WHERE skeleton = ?", (skeleton,)).fetchone()
        return None if row == (name, valid_unicode(place)) else Claim(*row)

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise ClientError(f"the journal {self._path} cannot be used: {error}") from error
