"""Signed URLs that somebody asks for: of the resource service, and that of the proxy, which alone has the key."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class SignItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One URL: its source ('' = that of the request), options as in a path, format of the result ('' = negotiated)."""

    source: Annotated[str, Meta(max_length=8192)] = ""
    options: Annotated[list[Annotated[str, Meta(min_length=1, max_length=1024)]], Meta(max_length=64)] = []
    format: Annotated[str, Meta(max_length=16)] = ""


class SignRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """URLs to sign."""

    source: Annotated[str, Meta(max_length=8192)] = ""
    items: Annotated[list[SignItem], Meta(min_length=1, max_length=256)]
