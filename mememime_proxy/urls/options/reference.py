"""Writer of ``docs/options.md``, from the option table: ``python -m mememime_proxy.urls.options.reference [file]``."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from mememime_proxy.urls.draft import MAX_OPTIONS, MAX_PIPELINES
from mememime_proxy.urls.options.arguments import LARGEST, Argument, ArgumentGroup, EmptyRule, Flag, Text
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import OPTIONS
from mememime_proxy.urls.path import MAX_LENGTH

DEFAULT_PATH = Path(__file__).parents[3] / "docs" / "options.md"

_INTRODUCTION = """\
# Options

<!-- Written by `python -m mememime_proxy.urls.options.reference` from the option table. Do not edit by hand. -->

A URL contains the processing options and the source:

```
/{signature}/{option}/{option}/plain/{source, percent-escaped}@{format}
/{signature}/{option}/{option}/{source in URL-safe base64}.{format}
/{signature}/{option}/{option}/enc2/{encrypted source}.{format}
```

`/{signature}/rs:fill:300:200/g:sm/plain/https://example.com/cat.jpg@webp` is a WebP of 300 × 200 pixels, cropped around
the salient region. From Python:

```python
from mememime_proxy.urls import UrlBuilder

images = UrlBuilder("https://images.example.com", key=KEY, salt=SALT)
images.resize("fill", 300, 200).gravity("sm").build("https://example.com/cat.jpg", "webp")
images.srcset("https://example.com/cat.jpg", widths=[320, 640, 1280], extension="webp")
```

"""

_CHAINS = f"""\
A part of the path that is exactly `-` ends a pipeline: the options behind it are for the result of those before. A
pipeline runs all steps, so that a border can be trimmed away after a crop, or a crop be given in pixels of the result:

```
/{{signature}}/rs:fit:500:500/-/t:10/-/pd:20/bg:ffffff/plain/{{source}}
```

Each pipeline begins with the defaults; nothing but the picture comes from the one before. It is upright then, and
loaded once, at the size that the first pipeline needs. Width and pixel ratio of client hints and the preset `default`
are for the first pipeline. MEMEMIME_MAX_RESULT_DIMENSION holds for each. A pipeline may set a `background`; what is
transparent without one stays so up to the last pipeline, and the result's format, colours and metadata are looked at
once, behind it.

A preset is applied to the pipeline in which it stands, and may chain further ones, which join those of the URL: with
`pair=w:300/-/w:200`, the options `h:400/-/pr:pair/h:100` are those of `h:400/-/w:300/h:100/-/w:200`. Where URLs have
presets alone, `-` stands between their parts. An empty pipeline does nothing.

A URL may write MEMEMIME_MAX_CHAINED_PIPELINES pipelines, and all presets together make {MAX_PIPELINES} at most. Short
films and streams have one. These options are common to all pipelines, wherever they stand, and the last one wins:
"""

_RULES = (
    (
        "Writing",
        "An option is `name:argument:argument`. The first part of the path without a `:` begins the source. Another"
        " separator can be set with MEMEMIME_ARGUMENTS_SEPARATOR.",
    ),
    (
        "Order",
        "Options are applied from left to right, the later one wins. In the picture their effects always come in the"
        " same sensible order, whatever the order in the URL.",
    ),
    (
        "Steps",
        'The functions named under "Obeyed by" are the pipeline\'s, in the order of `STEPS` in'
        " `mememime_proxy/imaging/pipeline.py`.",
    ),
    (
        "Empty arguments",
        "What an empty argument means is said for each. Most keep the value that a preset or an earlier option gave."
        " Arguments at the end can be left out.",
    ),
    ("Flags", "`1`, `t`, `true`, `True`, `TRUE` are on. Everything else is off; a misspelt flag is no error."),
    (
        "Numbers",
        f"Decimal, at most {LARGEST} in either direction. `1e3` and `.5` are numbers where fractions are allowed;"
        " `nan` and `inf` are not.",
    ),
    ("Colours", "3 or 6 hexadecimal digits without `#`."),
    (
        "Formats",
        "Lower case, as in the list under `format`. An extension wins over the `format` option, `raw` ignores both.",
    ),
    (
        "Plain sources",
        "Percent escapes are decoded once. Escape `%`, `?`, `#` and `@`; an unescaped `@` announces the format.",
    ),
    ("Base64 sources", "In the URL-safe alphabet, without `=`; may be cut by `/` anywhere."),
    (
        "Encrypted sources",
        "`enc2/` is AES-GCM-SIV, made by `UrlBuilder.encrypted()` and `mememime sign --encrypt`; `enc/` is AES-CBC with"
        " the initialisation vector in front. Both need MEMEMIME_SOURCE_URL_ENCRYPTION_KEY.",
    ),
    ("Query", "Ignored and not signed: use `cachebuster` to make a URL new."),
    ("Limits", f"{MAX_LENGTH} characters of path, {MAX_OPTIONS} options with those of presets."),
    (
        "Errors",
        "A wrong option, argument, preset or source is answered with 404, a wrong signature and a forbidden limit"
        " with 403.",
    ),
)


def document() -> str:
    """Return the text of ``docs/options.md``."""
    rules = [f"| {about} | {rule} |" for about, rule in _RULES]
    parts = [_INTRODUCTION, "## Rules\n", "| About | Rule |", "|---|---|", *rules, ""]
    parts += [
        "## Chains of pipelines\n",
        _CHAINS + _code(tuple(each.name for each in OPTIONS if each.is_of_request)) + ".\n",
    ]
    parts += ["## All options\n", _overview()]
    for section, options in groupby(OPTIONS, key=lambda option: option.section):
        parts.append(f"## {section}\n")
        parts.extend(_option(option) for option in options)
    return "\n".join(parts)


def _overview() -> str:
    rows = [
        f"| [`{option.name}`](#{option.name}) | {_code(option.aliases)} | `{option.example}` | {option.default} |"
        for option in OPTIONS
    ]
    return "\n".join(["| Option | Short | Example | Default |", "|---|---|---|---|", *rows, ""])


def _option(option: Option) -> str:
    lines = [f"### {option.name}\n", f"`{option.shape}`", ""]
    if option.aliases:
        lines[1] += f" · short {_code(option.aliases)}"
    lines += [option.meaning, ""]
    lines += ["| Argument | Value | Meaning | Left empty |", "|---|---|---|---|"]
    lines += [_row(argument) for argument in option.arguments]
    lines += ["", f"Default: {option.default}. Example: `{option.example}`"]
    lines += ["", f"Obeyed by {_obeyed_by(option)}."]
    if setting := "ALLOW_SECURITY_OPTIONS" if option.security else option.permission:
        lines += ["", f"Only where MEMEMIME_{setting} is on, otherwise 403."]
    return "\n".join([*lines, ""])


def _obeyed_by(option: Option) -> str:
    if not option.steps:
        return option.obeyed_by
    return ("the step " if len(option.steps) == 1 else "the steps ") + _code(option.steps)


def _row(argument: Argument | ArgumentGroup) -> str:
    if isinstance(argument, ArgumentGroup):
        return f"| `{argument.shape}` | – | {argument.meaning} | – |"
    return f"| `{argument.name}` | {argument.type.expected} | {argument.meaning} | {_when_empty(argument)} |"


def _when_empty(argument: Argument) -> str:
    if argument.empty is not EmptyRule.READ:
        return f"as {argument.fill.rpartition('.')[2]}" if argument.fill else argument.empty.value
    if isinstance(argument.type, Flag):
        return "off"
    return "empty text" if isinstance(argument.type, Text) else "is an error"


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(), encoding="utf-8")
