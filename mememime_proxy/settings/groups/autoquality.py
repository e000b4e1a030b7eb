"""The settings of the search for a quality."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BeforeValidator

from mememime_proxy.formats.output_plan import QualityMethod
from mememime_proxy.settings.fields import reloadable as _reloadable
from mememime_proxy.settings.groups.detection import DetectionSettings
from mememime_proxy.settings.values import Expected, Float, Int, Megapixels, Text, format_numbers

FormatNumbers = Annotated[
    dict[str, int],
    BeforeValidator(format_numbers),
    Expected("format=quality pairs separated by commas, quality 0 to 100"),
]


_NETS: Final = ("autoquality_jpeg_net", "autoquality_webp_net", "autoquality_avif_net", "autoquality_jxl_net")


class AutoqualitySettings(DetectionSettings):
    """Settings of the option ``autoquality``, which URLs may change."""

    # fmt: off
    autoquality_method: QualityMethod = _reloadable("Autoquality", "none", "How the quality of a result is searched for, unless the URL names one: `ssim2`, `dssim`, `ml`, `size` or `none` ([autoquality](autoquality.md), extra `autoquality`).")
    autoquality_target: Float = _reloadable("Autoquality", 0, "Target of the search: a score of SSIMULACRA2 for `ssim2`, a DSSIM for `dssim` and `ml`, bytes for `size`; a method of another scale does not use it. 0 = 70, or 0.02.", ge=0)
    autoquality_min: Int = _reloadable("Autoquality", 0, "Lowest quality of the search. 0 = 70 (AVIF 60), for a score 40.", ge=0, le=100)
    autoquality_max: Int = _reloadable("Autoquality", 0, "Highest quality of the search. 0 = 80 (AVIF 65), for a score 92.", ge=0, le=100)
    autoquality_format_min: FormatNumbers = _reloadable("Autoquality", {}, "Lowest quality by format, in place of AUTOQUALITY_MIN.")
    autoquality_format_max: FormatNumbers = _reloadable("Autoquality", {}, "Highest quality by format, in place of AUTOQUALITY_MAX.")
    autoquality_allowed_error: Float = _reloadable("Autoquality", 0, "Error of the target that ends the search, on its scale; from 1 on `ml` uses its prediction unchecked. 0 = 0.002, for a score 2.", ge=0)
    autoquality_max_resolution: Megapixels = _reloadable("Autoquality", 0, "Largest result, in megapixels, whose quality is searched for. 0 = any.", ge=0)
    autoquality_jpeg_net: Text = _reloadable("Autoquality", "", "Of imgproxy Pro. Has no effect: `ml` predicts by a model of its own.")
    autoquality_webp_net: Text = _reloadable("Autoquality", "", "Of imgproxy Pro. Has no effect.")
    autoquality_avif_net: Text = _reloadable("Autoquality", "", "Of imgproxy Pro. Has no effect.")
    autoquality_jxl_net: Text = _reloadable("Autoquality", "", "Of imgproxy Pro. Has no effect.")
    # fmt: on


def ineffective(settings: AutoqualitySettings) -> Iterator[tuple[str, str]]:
    """Yield each variable that is set and does not do what its name says, and the reason."""
    for name in _NETS:
        if getattr(settings, name):
            yield settings.variable(name), "the method `ml` predicts by a model of its own"
