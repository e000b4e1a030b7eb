"""Colour profiles that URLs name: files of the operator's folder, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

BUILT_IN: Final = frozenset({"srgb", "cmyk"})
"""Names of the profiles that need no file."""
_SUFFIXES: Final = (".icc", ".icm")
_MAX_BYTES: Final = 4 << 20
"""Of one profile; larger files are left out."""
_MAX_FILES: Final = 256


@lru_cache(maxsize=4)
def read_profiles(folder: str) -> dict[str, bytes]:
    """Return the profiles in a folder by the names of their files, without suffix.

    At most 256 of up to 4 MiB each; files that cannot be read are left out.
    """
    profiles: dict[str, bytes] = {}
    for path in _files(folder)[:_MAX_FILES]:
        try:
            if path.stat().st_size <= _MAX_BYTES:
                profiles[path.stem] = path.read_bytes()
        except OSError:
            continue
    return profiles


def _files(folder: str) -> list[Path]:
    try:
        paths = sorted(Path(folder).iterdir()) if folder else []
    except OSError:
        return []
    return [path for path in paths if path.suffix in _SUFFIXES and not path.name.startswith(".")]
