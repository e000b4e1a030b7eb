"""Arguments of options of originals and caches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from mememime_proxy.errors import OptionError
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import ArgumentGroup, ValueType
from mememime_proxy.urls.source.base64url import decode_text

_HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_MAX_STYLE = 65536
_FOREIGN = re.compile(r"@import|image-set|src\(|\\|url\(\s*[\"']?(?!\s*[\"']?#)", re.IGNORECASE)
"""References to other files, and escapes, which could hide one."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold; XML 1.0, 2.2."""
_NONE = "none"
_MAX_TAGS = 64
_TAG = re.compile(r"[!-+\--~]{1,128}", re.ASCII)


class StyleSheet(ValueType):
    """CSS in URL-safe base64, without references to anything but elements of the drawing."""

    expected = "URL-safe base64 of up to 65536 bytes of CSS, without `@import`, escapes and `url()` of other files"

    def parse(self, text: str) -> str:
        """Return the style sheet."""
        css = decode_text(text)
        if len(css.encode()) > _MAX_STYLE or _FOREIGN.search(css) or _NOT_XML.search(css):
            raise ValueError(text)
        return css


class ProfileName(ValueType):
    """The name of a colour profile, percent-encoded where it has other characters; that of no path."""

    expected = "`srgb`, `cmyk` or the name of a profile, without `/` and a dot at its start"

    def parse(self, text: str) -> str:
        """Return the name."""
        name = unquote(text, errors="strict")
        if not name or "/" in name or name.startswith(".") or not name.isprintable():
            raise ValueError(text)
        return name


class DigestArguments(ArgumentGroup):
    """``type:digest``: the digest of the original in hexadecimal; ``none`` is off."""

    name, shape, limit = "hashsum", "type:digest", 2

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the digest."""
        kind, digest = texts[0], "".join(texts[1:]).lower()
        if kind == _NONE:
            draft.changes[self.field] = ""
            return
        if kind not in _HEX_DIGITS:
            raise OptionError(f"{option}: found {kind[:80]!r}, expected one of {', '.join((_NONE, *_HEX_DIGITS))}")
        if not re.fullmatch(f"[0-9a-f]{{{_HEX_DIGITS[kind]}}}", digest, re.ASCII):
            raise OptionError(f"{option}: found {digest[:140]!r}, expected {_HEX_DIGITS[kind]} hexadecimal digits")
        draft.changes[self.field] = f"{kind}:{digest}"


class CacheTagArguments(ArgumentGroup):
    """Tags, up to 64 of them, in place of earlier ones; an empty one alone is none."""

    name, shape, limit = "tags", "tag[:tag…]", None

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the tags."""
        tags = () if list(texts) == [""] else tuple(dict.fromkeys(texts))
        if len(tags) > _MAX_TAGS:
            raise OptionError(f"{option}: found {len(tags)} tags, expected at most {_MAX_TAGS}")
        for tag in tags:
            if not _TAG.fullmatch(tag):
                raise OptionError(f"{option}: found {tag[:140]!r}, expected 1 to 128 characters of ASCII but `,`")
        draft.changes[self.field] = tags
