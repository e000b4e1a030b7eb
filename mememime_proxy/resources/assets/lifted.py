"""Columns of an asset that are lifted out of its facts, so that lists can be filtered by them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mememime_proxy.resources.database.perceptual_hash import from_hex

LIFTED: Final = ("media_type", "width", "height", "dominant_color", "phash")
"""Names of the columns."""
_COLOR: Final = re.compile(r"#([0-9a-f]{6})", re.ASCII)


def lifted_columns(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns for facts as JSON; what they lack is None, the media type ''."""
    color = _COLOR.fullmatch(str(facts.get("dominant_color", "")))
    return {
        "media_type": facts.get("media_type", ""),
        "width": facts.get("width"),
        "height": facts.get("height"),
        "dominant_color": int(color[1], 16) if color else None,
        "phash": from_hex(str(facts.get("phash", ""))),
    }
