"""The option table as JSON: forms are made from it, by pages and by other programs (`mememime options --json`)."""

from __future__ import annotations

from typing import Any

from mememime_proxy.urls.options.arguments import (
    Argument,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    Flag,
    FormatName,
    HexColor,
    ValueType,
    WholeNumber,
)
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import OPTIONS


def option_documents() -> list[dict[str, Any]]:
    """Return a document for each option, in the order of docs/options.md."""
    return [_option(option) for option in OPTIONS]


def _option(option: Option) -> dict[str, Any]:
    return {
        "name": option.name,
        "aliases": list(option.aliases),
        "section": option.section,
        "meaning": option.meaning,
        "shape": option.shape,
        "arguments": [_argument(argument) for argument in option.arguments],
        "default": option.default,
        "example": option.example,
        "security": option.security,
    }


def _argument(argument: Argument | ArgumentGroup) -> dict[str, Any]:
    if isinstance(argument, ArgumentGroup):
        return {"name": argument.name, "kind": "group", "shape": argument.shape, "meaning": argument.meaning,
                "limit": argument.limit}  # fmt: skip
    return {
        "name": argument.name,
        "expected": argument.type.expected,
        "meaning": argument.meaning,
        **_kind(argument.type),
    }


def _kind(kind: ValueType) -> dict[str, Any]:
    if isinstance(kind, WholeNumber | DecimalNumber):
        name = "integer" if isinstance(kind, WholeNumber) else "number"
        return {"kind": name, "minimum": kind.minimum, "maximum": kind.maximum}
    if isinstance(kind, Choice):
        return {"kind": "choice", "values": list(kind.values)}
    if isinstance(kind, FormatName):
        return {"kind": "format", "values": list(kind.names)}
    names: dict[type[ValueType], str] = {Flag: "flag", HexColor: "color"}
    return {"kind": names.get(type(kind), "text")}
