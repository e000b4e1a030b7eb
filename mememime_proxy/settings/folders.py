"""Folders of the settings that must not overlap: what one part removes, or counts, belongs to another.

NGINX removes files of its cache folder that it does not know, and it and the variant store remove the oldest files when
they are full. In a folder of assets, reconciliation finds files that have no row.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings

_OWNED: Final[tuple[str, ...]] = ("nginx_cache_path", "cache_fs_root", "spool_path", "assets_storage")
"""Folders of one part alone: none may be another one, lie in it or contain it."""
_CLEANED: Final[tuple[str, ...]] = ("nginx_cache_path", "cache_fs_root")
"""Folders whose oldest files are removed: originals and the database must not lie in them."""
_SQLITE: Final = "sqlite:///"


def used_folders(settings: Settings) -> dict[str, Path]:
    """Return the folders that these settings use, by the name of the setting; of a database, its file."""
    names = {name: getattr(settings, name) for name in (*_OWNED, "local_filesystem_root")}
    if settings.cache_use != "fs":
        names["cache_fs_root"] = ""
    if "://" in settings.assets_storage:
        names["assets_storage"] = ""
    if settings.database_url.startswith(_SQLITE):
        names["database_url"] = settings.database_url.removeprefix(_SQLITE).partition("?")[0]
    return {name: Path(os.path.realpath(path)) for name, path in names.items() if path}


def folder_conflicts(settings: Settings) -> Iterator[str]:
    """Yield a message for each pair of folders that overlap and must not. Links and mounts are followed."""
    folders = used_folders(settings)
    owned = [name for name in _OWNED if name in folders]
    for index, name in enumerate(owned):
        for other in owned[index + 1 :]:
            if _contains(folders[name], folders[other]) or _contains(folders[other], folders[name]):
                yield _message(name, folders[name], other, folders[other])
    for name in _CLEANED:
        for other in ("local_filesystem_root", "database_url"):
            if name in folders and other in folders and _contains(folders[name], folders[other]):
                yield _message(name, folders[name], other, folders[other])


def check_folders(settings: Settings) -> None:
    """Raise SettingsError, with a line for each pair, where folders overlap that must not."""
    if conflicts := list(folder_conflicts(settings)):
        raise SettingsError("\n".join(conflicts))


def _message(name: str, path: Path, other: str, other_path: Path) -> str:
    found = f"the same folder {str(path)!r}" if path == other_path else f"{str(path)!r} and {str(other_path)!r}"
    return f"{variable(name)}, {variable(other)}: found {found}, expected folders of which none is inside the other"


def _contains(outer: Path, inner: Path) -> bool:
    return any(path == outer or _is_same(path, outer) for path in (inner, *inner.parents))


def _is_same(path: Path, other: Path) -> bool:
    """Return whether both are one folder, which may be mounted twice."""
    try:
        return path.samefile(other)
    except OSError:
        return False
