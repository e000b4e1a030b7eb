"""The search for the quality that a picture needs, where the plan or the operator asks for it."""

from __future__ import annotations

import importlib
import os
from typing import Any, Final

import pyvips

from mememime_proxy.errors import MissingMetricError, missing_extra_text
from mememime_proxy.formats import has_metrics
from mememime_proxy.imaging.autoquality.target import QualityTarget, target_for
from mememime_proxy.imaging.codecs.jpeg import jpegli
from mememime_proxy.imaging.codecs.jpeg.gain_map import GAIN_MAP_FIELD
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.plan import Plan, RenderConfig

_METHODS: Final = "mememime_proxy.imaging.autoquality.methods"
_MOST_BANDS: Final = 4


def preload() -> None:
    """Import what a search needs, because a sandboxed worker may be unable to. Starts no thread."""
    if has_metrics():
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start a thread for every core
        importlib.import_module(_METHODS).prepare()


def target_of(image: pyvips.Image, name: str, plan: Plan, config: RenderConfig) -> QualityTarget | None:
    """Return what is searched for in a still picture; None where its quality is not searched for.

    Metrics are of 8 bits a channel, grey or red, green and blue.
    """
    target = target_for(name, plan, config, image.width * image.height)
    if target is None or image.format != "uchar" or image.interpretation == "cmyk" or image.bands > _MOST_BANDS:
        return None
    return None if plan.preserve_hdr and image.get_typeof(GAIN_MAP_FIELD) else target


def encode_for(
    target: QualityTarget, image: pyvips.Image, name: str, plan: Plan, config: RenderConfig
) -> tuple[int, bytes]:
    """Return the quality that was found for an image in memory, and its file. Raises MissingMetricError.

    ``config``: see ``target.with_encoder``.
    """
    if not has_metrics():
        raise MissingMetricError(missing_extra_text("autoquality", "autoquality"))
    methods: Any = importlib.import_module(_METHODS)

    def encode(quality: int) -> bytes:
        return save(image, name, quality=quality, plan=plan, config=config)

    is_jpegli = name == "jpeg" and config.jpeg_encoder == "jpegli" and image.bands in jpegli.BANDS
    found: tuple[int, bytes] = methods.find(target, image, "jpegli" if is_jpegli else name, encode, config)
    return found
