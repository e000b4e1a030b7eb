"""Inputs on this machine: manifests (CSV, JSON lines, Parquet), folders of pictures, access logs."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.errors import BatchInputError
from mememime_proxy.storage.content_types import guess_content_type

_READ_AT_ONCE: Final = 500
"""Items that one call in a thread reads."""
_MAX_LOGGED: Final = 1_000_000
"""Different requests of an access log that are counted; the rarest of more are dropped now and then."""
_COLUMNS: Final = ("source", "options", "name", "alias")
MANIFEST_SUFFIXES: Final = (".csv", ".jsonl", ".ndjson", ".parquet")


class LocalInput:
    """Items that a blocking generator reads."""

    is_local = True

    def __init__(self, read: Callable[[], Iterator[BatchItem]], file: Path | None = None) -> None:
        """``file``: whose content the items are."""
        self._read = read
        self._file = file

    def digest(self) -> str:
        """See ``BatchInput``."""
        if self._file is None:
            return ""
        try:
            with self._file.open("rb") as file:
                return hashlib.file_digest(file, "blake2b").hexdigest()
        except OSError as error:
            raise BatchInputError(f"{self._file}: {error.strerror}") from error

    async def items(self) -> AsyncIterator[BatchItem]:
        """See ``BatchInput``."""
        iterator = self._read()
        while some := await asyncio.to_thread(lambda: list(islice(iterator, _READ_AT_ONCE))):
            for item in some:
                yield item


def read_manifest(path: Path) -> Iterator[BatchItem]:
    """Yield the rows of a manifest: ``source``, and optionally ``options`` and ``name`` (or ``alias``).

    BatchInputError, with the line, where a row is wrong.
    """
    read = {".csv": _read_csv, ".parquet": _read_parquet}.get(path.suffix, _read_json_lines)
    try:
        for number, row in read(path):
            yield _item(path, number, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BatchInputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def read_folder(folder: Path, root: Path) -> Iterator[BatchItem]:
    """Yield the pictures of a folder, in the order of their names, as ``local:///…`` relative to ``root``.

    Which files are pictures is decided by their extensions. Links are not followed, hidden files are left out.
    """
    folder, root = folder.resolve(), root.resolve()
    try:
        for parent, folders, files in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in sorted(files):
                path = Path(parent, file)
                if file.startswith(".") or not guess_content_type(file).startswith("image/") or path.is_symlink():
                    continue
                name = _text(path.relative_to(folder).with_suffix("").as_posix())
                facts = path.stat()
                url = f"local:///{_text(path.relative_to(root).as_posix())}"
                yield BatchItem(url, name=name, changed=facts.st_mtime, size=facts.st_size)
    except OSError as error:
        raise BatchInputError(f"{folder}: {error.filename}: {error.strerror}") from error


def read_access_log(path: Path) -> Iterator[BatchItem]:
    """Yield what was requested by a proxy's access log in JSON, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if (request := _request_of(line)) is None:
                    continue
                counts[request] += 1
                if len(counts) > _MAX_LOGGED:
                    counts = Counter(dict(counts.most_common(_MAX_LOGGED // 2)))
    except OSError as error:
        raise BatchInputError(f"{path}: {error.strerror}") from error
    if not counts:
        raise BatchInputError(
            f"{path}: found no line of a picture, expected the proxy's log with MEMEMIME_LOG_FORMAT=json at level info"
        )
    for (source, options), _ in counts.most_common():
        yield BatchItem(source, options)


def _request_of(line: str) -> tuple[str, str] | None:
    """Return source and options of a line about a picture that was answered."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("status") not in {200, 206, 304}:
        return None
    source, options = fields.get("source"), fields.get("options", "")
    return (source, options) if source and isinstance(source, str) and isinstance(options, str) else None


def _text(name: str) -> str:
    """Return a name as it stands in a source, where ``%`` means nothing; bytes that are no UTF-8 are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _raise(error: OSError) -> None:
    raise error


def _read_csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)
        if "source" not in (reader.fieldnames or ()):
            raise BatchInputError(f"{path}: found no column source in its first line")
        for row in reader:
            yield reader.line_num, row


def _read_json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BatchInputError(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(row, dict):
                raise BatchInputError(f"{path}, line {number}: found {type(row).__name__}, expected an object")
            yield number, row


def _read_parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if find_spec("pyarrow") is None:
        raise BatchInputError(f"{path}: reading Parquet needs pyarrow, which is not installed (pip install pyarrow)")
    from pyarrow import ArrowException, parquet  # noqa: PLC0415

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            columns = [name for name in _COLUMNS if name in file.schema_arrow.names]
            if "source" not in columns:
                raise BatchInputError(f"{path}: found no column source")
            for batch in file.iter_batches(_READ_AT_ONCE, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except ArrowException as error:
        raise BatchInputError(f"{path}: {error}") from error


def _item(path: Path, number: int, row: Mapping[str, Any]) -> BatchItem:
    texts = {name: row.get(name) or "" for name in _COLUMNS}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise BatchInputError(f"{path}, row {number}: {name}: found {text!r}, expected text")
    if not texts["source"]:
        raise BatchInputError(f"{path}, row {number}: source: found nothing, expected the URL of an original")
    return BatchItem(texts["source"], texts["options"], texts["name"] or texts["alias"])
