"""Lifetimes as people write them: ``90d``, ``12h``, ``30m``, or seconds."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LIFETIME = re.compile(r"([1-9][0-9]{0,9})([smhd]?)", re.ASCII)


class _Lifetime(click.ParamType[int]):
    name = "lifetime"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _LIFETIME.fullmatch(value)
        if match is None:
            self.fail(f"found {value!r}, expected a number of seconds, or one with m, h or d", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


LIFETIME = _Lifetime()
"""Type of options; the value is in seconds."""
