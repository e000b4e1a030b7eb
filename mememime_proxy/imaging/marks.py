"""The pictures that a plan names by URLs: opened through the gate, like originals."""

from __future__ import annotations

from collections.abc import Sequence

from mememime_proxy.errors import ImageError, WatermarkError
from mememime_proxy.imaging.codecs.load import OriginalImage, open_original
from mememime_proxy.imaging.results import check_size
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig


def open_marks(plan: Plan, pictures: Sequence[Buffer], config: RenderConfig) -> dict[str, OriginalImage]:
    """Return the pictures by their URLs; nothing of them is decoded. Raises WatermarkError, which names the URL.

    The plan's limits of originals are theirs, too; of an animation the first frame counts.
    """
    limits = ImageLimits(plan.limits.max_src_resolution, plan.limits.max_src_file_size)
    found = {}
    for url, data in zip(plan.pictures, pictures, strict=True):
        try:
            found[url] = original = open_original(data, limits, config)
            if not original.vector:
                check_size(original.header.width, original.header.height, 1, limits)
        except ImageError as error:
            raise WatermarkError(f"the picture {url[:200]!r}: {error.detail}") from error
    return found
