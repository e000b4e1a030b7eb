"""The description of an original: what its header tells, without a pixel being decoded."""

from __future__ import annotations

from typing import Any

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.gate.header import Buffer
from mememime_proxy.imaging.pipeline import upright_size
from mememime_proxy.plan import InfoFields, Plan, RenderConfig


def describe(data: Buffer, plan: Plan, config: RenderConfig) -> dict[str, Any]:
    """Return what the plan's ``info`` wants to be told, in the order of the documentation.

    Raises ImageError where the gate refuses the original.
    """
    wanted = plan.info or InfoFields()
    original = open_original(data, plan.limits, config)
    document: dict[str, Any] = {}
    if wanted.size:
        document["size"] = len(memoryview(data))
    if wanted.format:
        document |= {"format": original.format, "mime_type": FORMATS[original.format].mime}
    if wanted.dimensions:
        width, height = upright_size(original)
        document |= {"width": width, "height": height, "orientation": original.header.orientation}
    return document
