"""All hostile films, by name."""

from __future__ import annotations

from typing import Final

from tests.hostile.films import elements, indexes, sizes, sounds, texts
from tests.hostile.films.measuring import ACTIONS, Measured, read_film
from tests.hostile.films.records import PICTURE, HostileFilm

KINDS: Final = (texts, indexes, elements, sizes, sounds)
"""The modules of files: each yields its records by `records()`."""
FILMS: Final[dict[str, HostileFilm]] = {record.name: record for kind in KINDS for record in kind.records()}
_BLOCKS: Final = 4 << 18
"""Bytes that are read beside a file's own, as reading is done in blocks."""


def measure(record: HostileFilm) -> str:
    """Read a film, and return what is wrong with what came of it, or nothing."""
    content = record.build()
    return fault(record, len(content), read_film(content, actions={name: ACTIONS[name] for name in record.actions}))


def fault(record: HostileFilm, size: int, measured: Measured) -> str:
    """Return what is wrong with what came of a film of ``size`` bytes, or nothing."""
    if measured.signal:
        return f"signal {measured.signal} after {measured.cpu:.2f} CPU s"
    found = {PICTURE if "x" in result else result for name, result in measured.results.items() if name != "info"}
    if not found or not found <= record.outcomes:
        return f"{sorted(found)}, not of {sorted(record.outcomes)}"
    if measured.cpu > record.cpu:
        return f"{measured.cpu:.2f} CPU s, {record.cpu:.2f} allowed"
    if measured.memory > record.memory:
        return f"{measured.memory >> 20} MiB, {record.memory >> 20} allowed"
    if measured.read > 4 * size + _BLOCKS:
        return f"{measured.read} bytes of {size} were read"
    return ""
