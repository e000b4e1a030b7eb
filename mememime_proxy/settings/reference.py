"""The reference of the settings: docs/settings.md. ``python -m mememime_proxy.settings.reference`` writes it."""

from __future__ import annotations

from pathlib import Path

from pydantic.fields import FieldInfo

from mememime_proxy.settings.environment import expected, variable
from mememime_proxy.settings.settings import Settings

PATH = Path(__file__).parents[2] / "docs" / "settings.md"

_HEAD = """# Settings

Every setting is an environment variable. The same name with the prefix `IMGPROXY_` is read where ours is not set, so an
environment file written for imgproxy works as it is. A file of variables can be named by `--env-file` or
`MEMEMIME_ENV_LOCAL_FILE_PATH`; the environment wins over it. A wrong value stops the start with a message that names
the variable, what was found and what is expected. `mememime settings` prints this list, `mememime doctor` checks an
installation.

Booleans are `true` or `false` (also `1`, `t`, `0`, `f`), times are whole seconds, lists are separated by commas. Words
are read in any case, a blank value is none, and white space around a value does not count.

A running service reads its settings again, with the files that they name, when it receives SIGHUP: `mememime reload`
sends it. ↻ marks the settings that change then; the log names the others that differ, which need a restart. A new
environment with a fault is refused whole: the log says why, and the service goes on with the settings that it has.
"""


def section(info: FieldInfo) -> str:
    """Return the heading of a setting in the reference."""
    extra = info.json_schema_extra
    return str(extra["section"]) if isinstance(extra, dict) else ""


def is_reloadable(info: FieldInfo) -> bool:
    """Return whether a running service takes a new value of a setting."""
    extra = info.json_schema_extra
    return isinstance(extra, dict) and bool(extra["reloadable"])


def default_text(info: FieldInfo) -> str:
    """Return a setting's default as a value of its variable."""
    return env_text(info, info.default)


def env_text(info: FieldInfo, value: object) -> str:  # noqa: PLR0911 - one return a type
    """Return ``value`` as a value of the setting's variable; '' for none."""
    kind = expected(info)
    match value:
        case bool():
            return "true" if value else "false"
        case int() if "megapixels" in kind:
            return f"{value / 1_000_000:g}"
        case int() if "MiB" in kind:
            return str(value >> 20)
        case dict():
            return ",".join(f"{name}={number}" for name, number in value.items())
        case tuple():
            return ",".join(map(str, value))
        case bytes():
            return value.hex()
        case None:
            return ""
        case _:
            return str(value)


def page() -> str:
    """Return docs/settings.md."""
    lines, heading = [_HEAD], ""
    for name, info in Settings.model_fields.items():
        if section(info) != heading:
            heading = section(info)
            lines.append(f"\n## {heading}\n\n| variable | value | default | meaning |\n|---|---|---|---|")
        default = default_text(info)
        mark = " ↻" if is_reloadable(info) else ""
        cells = (f"`{variable(name)}`{mark}", expected(info), f"`{default}`" if default else "", info.description or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(page(), "utf-8")
