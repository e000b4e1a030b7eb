"""Manifests: tables of files to upload with their attributes, and tables of outcomes with URLs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TextIO

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.scan import Entry, invalid, local
from mememime_proxy.client.results import Outcome
from mememime_proxy.errors import UrlError
from mememime_proxy.urls import UrlBuilder

_COLUMNS = {"file", "alias", "tags", "focal_x", "focal_y", "preset"}
_OUTPUT_COLUMNS = ("file", "state", "sha256", "size", "alias", "version", "url", "reason")


def read_manifest(manifest: Path) -> Iterator[Entry]:
    """Yield the rows of a manifest: CSV with a header line or JSON lines, by its extension. Blocks.

    ``file`` is required, relative to the manifest; ``alias``, ``tags`` (in CSV separated by ``;``), ``focal_x`` and
    ``focal_y`` (0 to 1) and ``preset`` are optional. An invalid row is an entry that cannot be opened, which names the
    line. Raises FileError where the table itself cannot be read.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            for number, row in _rows(manifest, file):
                try:
                    yield _entry(manifest.parent, row)
                except (ValueError, TypeError, FileError) as error:
                    yield invalid(f"{manifest}, line {number}", str(error))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{manifest}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from error


def _rows(manifest: Path, file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield the number of each line, and its row or what is wrong with it."""
    if manifest.suffix == ".csv":
        reader = csv.DictReader(file, strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    yield reader.line_num, "found another number of cells than columns"
                else:
                    yield reader.line_num, {name: text for name, text in row.items() if text}
        except csv.Error as error:
            yield reader.line_num, str(error)
        return
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"not JSON ({error})"
                continue
            yield number, row if isinstance(row, dict) else f"found {type(row).__name__}, expected an object"


def _entry(folder: Path, row: Mapping[str, Any] | str) -> Entry:
    if isinstance(row, str):
        raise FileError(row)
    if unknown_columns := set(row) - _COLUMNS:
        raise ValueError(f"found {min(unknown_columns)!r}, expected {', '.join(sorted(_COLUMNS))}")
    texts = {name: row.get(name, "") for name in ("file", "alias", "preset")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"{name}: found {text!r}, expected text")
    if not texts["file"]:
        raise ValueError("file: found nothing, expected a path")
    tags = row.get("tags", ())
    tags = [tag.strip() for tag in tags.split(";")] if isinstance(tags, str) else tags
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) and tag for tag in tags):
        raise TypeError(f"tags: found {row['tags']!r}, expected a list of texts")
    if ("focal_x" in row) != ("focal_y" in row):
        raise ValueError("found one of focal_x and focal_y, expected both or neither")
    focal = (float(row["focal_x"]), float(row["focal_y"])) if "focal_x" in row else None
    if focal and not all(0 <= part <= 1 for part in focal):
        raise ValueError(f"found the focal point {focal}, expected two numbers from 0 to 1")
    path = Path(texts["file"])
    relative = path.name if path.is_absolute() else path.as_posix()
    return local(folder / path, relative, alias=texts["alias"], preset=texts["preset"], tags=tuple(tags), focal=focal)


class VariantUrls:
    """Builds signed URLs of uploaded images."""

    def __init__(self, builder: UrlBuilder, options: tuple[str, ...] = (), extension: str = "") -> None:
        """``options``: as in URLs, like ``rs:fit:640``. Raises OptionError and SettingsError."""
        for option in options:
            name, *arguments = option.split(":")
            builder = builder.option(name, *arguments)
        self._builder, self._extension = builder, extension

    def url(self, outcome: Outcome) -> str:
        """Return the URL of an image by its alias, else by its digest; '' where it has neither."""
        source = f"alias://{outcome.alias}" if outcome.alias else f"asset://{outcome.sha256}" if outcome.sha256 else ""
        if not source or outcome.state == "failed":
            return ""
        try:
            return self._builder.build(source, self._extension)
        except UrlError:
            return ""  # longer than the maximum


class ManifestWriter:
    """Writes one row for each outcome, as CSV or JSON lines by the extension."""

    def __init__(self, path: Path, urls: VariantUrls | None = None) -> None:
        self._path, self._urls = path, urls

    def __enter__(self) -> Self:
        """Open the file. Raises FileError where it cannot be written."""
        try:
            self._file = self._path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise FileError(f"{self._path}: {error.strerror}") from error
        self._csv = csv.DictWriter(self._file, _OUTPUT_COLUMNS) if self._path.suffix == ".csv" else None
        if self._csv:
            self._csv.writeheader()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, outcome: Outcome) -> None:
        """Append the row of an outcome."""
        row = {
            "file": outcome.place,
            **{name: getattr(outcome, name) for name in _OUTPUT_COLUMNS if name not in {"file", "url"}},
            "url": self._urls.url(outcome) if self._urls else "",
        }
        if self._csv:
            self._csv.writerow(row)
        else:
            self._file.write(json.dumps({name: row[name] for name in _OUTPUT_COLUMNS}, ensure_ascii=False) + "\n")
