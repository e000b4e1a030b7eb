"""Rules that change aliases, written as sed writes them: ``s/pattern/replacement/flags``."""

from __future__ import annotations

import re
from typing import Final, Self

_FLAGS: Final = frozenset("gi")
_AMPERSAND: Final = re.compile(r"\\(?P<escaped>.)|(?P<match>&)", re.DOTALL)


class Rename:
    """Replaces the first match of a regular expression in an alias, or with the flag ``g`` every match.

    Another delimiter than ``/`` may be used. In the replacement, ``&`` stands for the match and ``\\1`` for a group.
    """

    def __init__(self, pattern: re.Pattern[str], replacement: str, count: int) -> None:
        """Take a replacement as ``re.sub`` does; ``count`` 0 = every match."""
        self._pattern, self._replacement, self._count = pattern, replacement, count

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the rule of a text. Raises ValueError, which says what is wrong."""
        form = "expected a rule like s/pattern/replacement/, with the flags g (every match) and i (any case)"
        if len(text) < 2 or text[0] != "s" or text[1].isalnum() or text[1] == "\\":
            raise ValueError(f"found {text!r}, {form}")
        parts = _split(text[2:], text[1])
        if len(parts) != 3 or not parts[0] or set(parts[2]) - _FLAGS:
            raise ValueError(f"found {text!r}, {form}")
        pattern, replacement, flags = parts
        try:
            compiled = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
            template = _AMPERSAND.sub(_python_form, replacement)
            compiled.sub(template, "")
            re.compile(f"{pattern}|").sub(template, "")  # a group that does not exist is found by a match alone
        except (re.error, IndexError) as error:
            raise ValueError(f"found {text!r}: {error}") from error
        return cls(compiled, template, 0 if "g" in flags else 1)

    def apply(self, alias: str) -> str:
        """Return the alias after the rule."""
        return self._pattern.sub(self._replacement, alias, count=self._count)


def _split(text: str, delimiter: str) -> list[str]:
    """Return the parts between delimiters; behind a backslash a delimiter is a letter like others."""
    parts, escaped = [""], False
    for letter in text:
        if escaped:
            parts[-1] += letter if letter == delimiter else f"\\{letter}"
        elif letter == delimiter:
            parts.append("")
        elif letter != "\\":
            parts[-1] += letter
        escaped = letter == "\\" and not escaped
    return parts


def _python_form(found: re.Match[str]) -> str:
    if found["match"]:
        return r"\g<0>"
    return "&" if found["escaped"] == "&" else found[0]
