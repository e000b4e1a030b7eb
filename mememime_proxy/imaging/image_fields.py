"""Named fields of an image of libvips: what belongs to its pixels, such as a profile or the delays of its frames."""

from __future__ import annotations

from typing import Any

import pyvips

PAGE_HEIGHT_FIELD = "page-height"


def field(image: pyvips.Image, name: str, default: Any) -> Any:
    """Return a piece of the image's metadata, ``default`` where it has none of that name."""
    return image.get(name) if image.get_typeof(name) else default


def with_metadata(image: pyvips.Image, values: dict[str, Any]) -> pyvips.Image:
    """Return a copy of the image with other metadata; bytes become blobs, lists of int arrays."""
    image = image.copy()
    for name, value in values.items():
        if isinstance(value, bytes):
            kind = pyvips.GValue.blob_type
        elif isinstance(value, str):
            kind = pyvips.GValue.gstr_type
        elif isinstance(value, list):
            kind = pyvips.GValue.array_int_type
        elif isinstance(value, pyvips.Image):
            kind = pyvips.GValue.image_type
        else:
            kind = pyvips.GValue.gint_type
        image.set_type(kind, name, value)
    return image
