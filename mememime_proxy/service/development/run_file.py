"""The file of a running ``mememime serve`` or ``demo``: the variables by which commands in another shell reach it.

Nothing here imports the settings: a command that only signs a URL looks for the file, too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(".mememime")
"""Where `serve` and `demo` store their data, below the folder that they are started in."""
NAME = "env"
PREFIXES = ("MEMEMIME_", "IMGPROXY_")
_CANDIDATES = (FOLDER / NAME, Path(".env"))
UNITS = (("KEY", "SALT"), ("RESOURCES_URL", "RESOURCES_API_KEY"), ("PUBLIC_URL", "SECRET"))
"""Settings that belong together: where the environment has one of them, a file that was not named gives none.

Otherwise an API key or a secret of the environment could be sent to the service that a file of this folder names.
"""


def write(folder: Path, variables: Mapping[str, str], name: str = NAME) -> Path:
    """Write our ``variables`` to the file ``name`` in ``folder``, readable by its owner alone, and return its path."""
    lines = [f"{key}={_quote(value)}\n" for key, value in sorted(variables.items()) if key.startswith(PREFIXES)]
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder)  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
        path = folder / name
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _quote(value: str) -> str:
    """Return ``value`` as dotenv files and shells read it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def find(folder: Path = Path()) -> Path | None:
    """Return the file of a run in ``folder``, else its ``.env`` where that has settings of ours, else None."""
    for candidate in _CANDIDATES:
        path = folder / candidate
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if any(line.removeprefix("export ").startswith(PREFIXES) for line in text.splitlines()):
            return path
    return None


def merge(variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` on top of those ``variables`` of a file that was found which it may add: ours alone.

    Settings of ``UNITS`` are added together or not at all.
    """
    excluded = {
        prefix + name
        for unit in UNITS
        if any(each + name in environ for each in PREFIXES for name in unit)
        for name in unit
        for prefix in PREFIXES
    }
    added = {name: value for name, value in variables.items() if name.startswith(PREFIXES) and name not in excluded}
    return {**added, **environ}
