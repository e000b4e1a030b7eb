"""All hostile files, by name."""

from __future__ import annotations

from tests.hostile.files import (
    bitmaps,
    disguises,
    documents,
    exif,
    frames,
    heif,
    jpeg,
    layers,
    legal,
    merged,
    solids,
    text,
    tiff,
    vector,
)
from tests.hostile.records import Hostile

KINDS = (exif, text, heif, jpeg, frames, layers, solids, tiff, bitmaps, disguises, documents, merged, vector, legal)
"""The modules of files: each yields its records by `records()`."""
FILES: dict[str, Hostile] = {record.name: record for kind in KINDS for record in kind.records()}


def select(words: str) -> list[Hostile]:
    """Return the files whose name has one of the words, separated by commas, in it; all for no word."""
    wanted = [word for word in words.split(",") if word]
    return [record for record in FILES.values() if not wanted or any(word in record.name for word in wanted)]
