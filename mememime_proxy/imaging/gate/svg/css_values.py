"""Values of CSS properties: those that load nothing and run nothing pass, judged by their decoded tokens.

CSS Syntax Level 3, CSS Values and Units Level 4.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

import tinycss2
from tinycss2 import ast

from mememime_proxy.imaging.gate.svg import data_uri
from mememime_proxy.imaging.gate.svg.budget import Budget

Embed = Callable[[str], str | None]
"""From the data URI of a picture to that of the picture that may stay, or None."""

_REFERENCE_PROPERTIES_NAMES = """
    fill stroke filter backdrop-filter -webkit-filter clip-path -webkit-clip-path mask -webkit-mask mask-image
    -webkit-mask-image marker marker-start marker-mid marker-end offset-path shape-inside shape-subtract
    -inkscape-shape-inside
"""
REFERENCE_PROPERTIES = frozenset(_REFERENCE_PROPERTIES_NAMES.split())
"""Properties that may refer to an element of the same document."""
PAINTS = frozenset({"fill", "stroke"})
REFUSED_PROPERTIES = frozenset({"behavior", "-ms-behavior", "-moz-binding"})
"""Properties by which old browsers run scripts."""

_FUNCTIONS_NAMES = """
    rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix contrast-color light-dark device-cmyk icc-color
    cielab cielch cielchab calc min max clamp round mod rem abs sign sin cos tan asin acos atan atan2 pow sqrt
    hypot log exp var env translate translatex translatey translatez translate3d scale scalex scaley scalez
    scale3d rotate rotatex rotatey rotatez rotate3d skew skewx skewy matrix matrix3d perspective blur brightness
    contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia linear-gradient radial-gradient
    conic-gradient repeating-linear-gradient repeating-radial-gradient repeating-conic-gradient
    -webkit-linear-gradient -webkit-radial-gradient -moz-linear-gradient -moz-radial-gradient -o-linear-gradient
    -webkit-gradient from to color-stop cubic-bezier steps linear frames circle ellipse inset polygon path ray
    xywh rect shape counter counters local format tech symbols minmax repeat fit-content stylistic styleset
    character-variant swash ornaments annotation palette-mix anchor anchor-size scroll view fit-size accesskey
    wallclock
"""
FUNCTIONS = frozenset(_FUNCTIONS_NAMES.split())
"""Functions of values that neither load nor run anything, whatever their arguments, which are judged by themselves."""

MAX_NESTING = 32
"""Blocks and functions inside of each other."""
_CALL = re.compile(r"((?:(?<![\w-])[\w-]++)?+)\(")
_FRAGMENT = r"url\(\s{0,8}(?:#[\w.:-]{1,256}|\"#[\w.:-]{1,256}\"|'#[\w.:-]{1,256}')\s{0,8}\)"
_FRAGMENT_ONLY = re.compile(rf"\s*+{_FRAGMENT}\s*+(?:[\w#]++\s*+)?+", re.IGNORECASE)
_FRAGMENT_DECLARATION = re.compile(
    rf"(?<![\w-])(?:fill|stroke|filter|mask|clip-path|marker(?:-start|-mid|-end)?)\s{{0,8}}:\s{{0,8}}{_FRAGMENT}",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[\w+/=%.-]+")
_CONTROLS = "".join(map(chr, range(0x21)))
_SIMPLE_ID = re.compile(r"#[\w.:-]+", re.ASCII)
_ESCAPED = re.compile(r'["\\\n\r\f]')
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that escapes can spell and XML cannot hold."""
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \n\t]?|.)", re.DOTALL)
BACKSLASH = "\\"
_REPLACEMENT = "\ufffd"
_SELECTOR_FUNCTIONS = frozenset({"not", "is", "where", "nth-child", "nth-of-type", "nth-last-child", "lang"})
"""Pseudo-classes, which load nothing wherever they stand."""


NO_REFERENCE = ast.IdentToken(0, 0, "none")
"""In place of a reference to something outside, where it has no fallback."""


class RefusedValueError(Exception):
    """A value that loads or runs something, or that cannot be read."""


def is_plain(css: str, *, references: bool = True) -> bool:
    """Return whether CSS without at-rules is harmless by its text alone, as nearly all is.

    That needs no tokenizer: without a backslash nothing is escaped, nothing loads without a function, and every
    function is on the list. ``references``: properties with ``url(#id)`` may be among the declarations.
    """
    if "(" not in css and "\\" not in css and "@" not in css and "</" not in css:
        return True
    if "\\" in css or "@" in css or "</" in css:
        return False
    urls = 0
    for name in _CALL.findall(css):
        if name and name not in FUNCTIONS:
            lower = name.lower()
            if lower == "url" and references:
                urls += 1
            elif lower not in FUNCTIONS and lower not in _SELECTOR_FUNCTIONS:
                return False
    return not urls or urls == len(_FRAGMENT_DECLARATION.findall(css))


def is_plain_value(name: str, value: str) -> bool:
    """Return whether the value of one property is harmless by its text alone; see ``is_plain``."""
    if "(" not in value and "\\" not in value:
        return True
    if name in REFERENCE_PROPERTIES and _FRAGMENT_ONLY.fullmatch(value):
        return True
    return is_plain(value, references=False)


def count_tokens(css: str, budget: Budget) -> None:
    """Count the tokens of CSS, at most as many as it has words and other characters. Raises LimitError."""
    rest, words = _WORDS.subn("", css)
    budget.add_style_tokens(len(rest) + words)


def sanitise_value(name: str, value: str, embed: Embed, budget: Budget) -> str | None:
    """Return the value that a property, in lower case, may have; None where none is left. Raises LimitError."""
    if is_plain_value(name, value):
        return value
    count_tokens(value, budget)
    try:
        tokens = judge(name, tinycss2.parse_component_value_list(replace_escapes(value), skip_comments=True), embed)
    except (RefusedValueError, ValueError):
        return None
    return clean(tinycss2.serialize(tokens)).lstrip()


def replace_escapes(css: str) -> str:
    """Return CSS without the escapes of characters that XML cannot hold."""
    return _ESCAPE.sub(_replace_escape, css) if "\\" in css else css


def _replace_escape(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[0]
    code = int(escape[1], 16)
    return _REPLACEMENT if code > sys.maxunicode or _NOT_XML.match(chr(code)) else escape[0]


def clean(css: str) -> str:
    """Return written CSS without what would end a ``style`` of HTML."""
    return _NOT_XML.sub(_REPLACEMENT, css).replace("</", "<\\/")


def judge(name: str, tokens: Iterable[ast.Node], embed: Embed) -> list[ast.Node]:
    """Return the tokens that a property, in lower case, may have. Raises RefusedValueError where none are left.

    A reference to something outside is, to a property that paints, clips or filters, a reference that leads nowhere:
    its fallback counts, or ``none``.
    """
    if name in REFUSED_PROPERTIES:
        raise RefusedValueError
    judged, outside = _judge(name, tokens, embed, 0)
    if outside:
        if name not in REFERENCE_PROPERTIES:
            raise RefusedValueError
        fallback = [token for token in judged if token.type not in ("whitespace", "comment")]
        if not fallback or name not in PAINTS:
            return [NO_REFERENCE]
    return judged


def _judge(name: str, tokens: Iterable[ast.Node], embed: Embed, depth: int) -> tuple[list[ast.Node], bool]:
    """Return the tokens that may stay, and whether a reference to something outside is missing among them."""
    if depth > MAX_NESTING:
        raise RefusedValueError
    judged: list[ast.Node] = []
    outside = False
    for token in tokens:
        kind = token.type
        if kind == "url" or (kind == "function" and token.lower_name == "url"):
            url = _judge_url(name, _url_of(token), embed)
            if url is None:
                outside = True
            else:
                judged.append(url)
        elif kind == "function":
            if token.lower_name not in FUNCTIONS:
                raise RefusedValueError
            arguments, missing = _judge(name, token.arguments, embed, depth + 1)
            if missing:
                raise RefusedValueError
            judged.append(ast.FunctionBlock(0, 0, token.name, arguments))
        elif kind in ("() block", "[] block", "{} block"):
            content, missing = _judge(name, token.content, embed, depth + 1)
            if missing:
                raise RefusedValueError
            judged.append(type(token)(0, 0, content))
        elif kind in ("error", "at-keyword") or token == BACKSLASH:
            raise RefusedValueError
        else:
            judged.append(token)
    return judged, outside


def _url_of(token: ast.Node) -> str:
    if token.type == "url":
        return str(token.value)
    parts = [part for part in token.arguments if part.type not in ("whitespace", "comment")]
    if len(parts) != 1 or parts[0].type != "string":
        raise RefusedValueError
    return str(parts[0].value)


def _judge_url(name: str, url: str, embed: Embed) -> ast.Node | None:
    url = url.strip(_CONTROLS)
    if url.startswith("#"):
        if name not in REFERENCE_PROPERTIES and not name.startswith("--"):
            raise RefusedValueError
        return url_token(url)
    if data_uri.is_data_uri(url):
        picture = embed(url)
        return None if picture is None else url_token(picture)
    return None


def url_token(url: str) -> ast.Node:
    """Return the token of a URL, in quotes where it has more than letters and digits."""
    if _SIMPLE_ID.fullmatch(url):
        return ast.URLToken(0, 0, url, f"url({url})")
    return ast.URLToken(0, 0, url, f"url({_quote(url)})")


def _quote(text: str) -> str:
    escaped = _ESCAPED.sub(lambda character: f"\\{ord(character[0]):x} ", text)
    return f'"{escaped}"'
