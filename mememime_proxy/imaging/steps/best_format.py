"""The format ``best``: what makes the smallest file of a picture at equal quality, of what the client accepts.

Photographs are not tried without loss, and become AVIF at once where that is accepted: of 52 it was the smallest for
all. Pictures of few tones are tried in every format.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import pyvips

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.autoquality import search
from mememime_proxy.imaging.autoquality.target import QualityTarget
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.metadata import keep_flags
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.plan import Plan, RenderConfig

LOSSY: Final = ("avif", "jxl", "webp", "jpeg")
"""Formats for photographs, the best one first."""
_LOSSLESS: Final = ("webp", "png")
_FEW_TONES: Final = 3.0
"""Bits of entropy below which a palette, or no loss at all, shows no difference."""
_LOSSLESS_BONUS: Final = 1.5
"""Times the bytes of the best lossy file that one without loss may have."""
_SIDE: Final = 256
"""Longest side of the copy whose tones are counted."""
_EQUAL: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "webp": ((1, 1), (63, 71), (81, 86), (100, 100)),
    "avif": ((1, 1), (63, 51), (81, 67), (100, 100)),
    "jpegli": ((1, 1), (63, 57), (81, 82), (100, 100)),
}
"""Qualities of libvips' JPEG and those that look as good: medians of 52 photographs (jpegli: 24) at SSIMULACRA2 70 and
80, encoders at the speeds of this program's defaults."""
_NEAR_LOSSLESS: Final = 60
_OPAQUE: Final = {"uchar": 255.0, "ushort": 65535.0}


def candidates(plan: Plan, config: RenderConfig, writable: Collection[str]) -> tuple[str, ...]:
    """Return the formats among which the smallest file is looked for; empty where the plan does not want that."""
    if not plan.best or plan.format or plan.info is not None or plan.as_stack:
        return ()
    preference = plan.preference
    accepted = {
        "avif": preference.prefer_avif or preference.enforce_avif,
        "webp": preference.prefer_webp or preference.enforce_webp,
        "jxl": preference.prefer_jxl or preference.enforce_jxl,
    }
    names = (*config.preferred_formats, *(name for name, is_accepted in accepted.items() if is_accepted))
    return tuple(dict.fromkeys(name for name in names if name in writable and not FORMATS[name].document))


def carrier(names: Sequence[str]) -> str:
    """Return the candidate that steps prepare the picture for: one with transparency, without limits if possible."""
    return min(names, key=lambda name: (not FORMATS[name].alpha, FORMATS[name].max_side, names.index(name)))


def equal_quality(name: str, plan: Plan, config: RenderConfig) -> int:
    """Return the quality for a format that looks as that of JPEG does, unless the plan names one for the format.

    ``jpegli`` is a name, too: that of JPEG where jpegli stands in for libvips' encoder.
    """
    named = dict(plan.format_quality).get(name, 0)
    base = named or selection.quality("jpeg", plan, config)
    for (low, at_low), (high, at_high) in pairwise(() if named else _EQUAL.get(name, ())):
        if base <= high:
            return round(at_low + (base - low) * (at_high - at_low) / (high - low))
    return base


def encode_best(picture: Picture) -> Picture:
    """Return the picture with its file, in the candidate that makes the smallest one."""
    trials = _Trials(picture)
    name, encoded = trials.choose()
    return picture.with_changes(decoded=trials.image, format=name, encoded=encoded)


@dataclass(frozen=True)
class _Trials:
    """Files of one picture."""

    picture: Picture

    @cached_property
    def image(self) -> pyvips.Image:
        """The pixels in memory, without an alpha channel that shows nothing."""
        image = self.picture.image.copy_memory()
        if not image.hasalpha():
            return image
        lowest: Any = image[-1].min()
        return image[: image.bands - 1] if lowest >= _OPAQUE.get(str(image.format), 1.0) else image

    @cached_property
    def _config(self) -> RenderConfig:
        return selection.with_smallest_jpeg(self.picture.config)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The candidates that hold this picture; the carrier holds every one."""
        image, carrying = self.image, self.picture.format
        fitting = [name for name in self.picture.candidates if name == carrying or self._fits(name)]
        if image.hasalpha() and any(FORMATS[name].alpha for name in fitting):
            fitting = [name for name in fitting if FORMATS[name].alpha]
        return tuple(fitting)

    def _fits(self, name: str) -> bool:
        image, longest = self.image, FORMATS[name].max_side
        is_too_large = longest and max(image.width, image.height) > longest
        return not is_too_large and selection.format_for_size(name, image.width, image.height, alpha=False) == name

    @cached_property
    def _complexity(self) -> float:
        image = self.image
        factor = max(image.width, image.height) / _SIDE
        small = image.shrink(min(factor, image.width), min(factor, image.height)) if factor > 1 else image
        luminance: Any = small.flatten() if small.hasalpha() else small
        luminance = luminance.colourspace("b-w").cast("uchar")
        return float(luminance.hist_find().hist_entropy())

    def choose(self) -> tuple[str, bytes]:
        """Return the format and the file."""
        config, names = self.picture.config, self._names
        is_simple = self._complexity < config.best_format_complexity_threshold
        lossy = [name for name in LOSSY if name in names]
        lossless = [name for name in names if name in _LOSSLESS] if is_simple or not lossy else []
        if not (lossy or lossless):
            return names[0], self._save(names[0])
        limit = config.best_format_max_resolution
        if 0 < limit < self.image.width * self.image.height:
            lossy, lossless = ([], lossless[:1]) if is_simple and lossless else (lossy[:1], [])
        elif not is_simple and "avif" in lossy:
            lossy = ["avif"]
        files = {name: self._lossy(name) for name in sorted(lossy, key=names.index)}
        plain = {name: self._save_lossless(name) for name in sorted(lossless, key=names.index)}
        limit = self.picture.plan.max_bytes
        if plain:
            name = min(plain, key=lambda each: len(plain[each]))
            most = _LOSSLESS_BONUS * min(len(file) for _, file in files.values()) if files else len(plain[name])
            if len(plain[name]) <= (min(most, limit) if limit and files else most):
                return name, plain[name]
        name = min(files, key=lambda each: len(files[each][1]))
        target = self._target(name)
        if target is not None and target.method == "size":
            files[name] = self._search(target, name)
        return name, self._within(name, *files[name], limit)

    def _target(self, name: str) -> QualityTarget | None:
        return search.target_of(self.image, name, self.picture.plan, self._config)

    def _search(self, target: QualityTarget, name: str) -> tuple[int, bytes]:
        return search.encode_for(target, self.image, name, self.picture.plan, self._config)

    def _lossy(self, name: str) -> tuple[int, bytes]:
        """Return the quality and the file: as the target needs it, else equal to that of other formats.

        A size is no target here: all files would have it.
        """
        target = self._target(name)
        if target is not None and target.method != "size":
            return self._search(target, name)
        return self._quality(name), self._save(name)

    def _save(self, name: str, quality: int = 0) -> bytes:
        plan = self.picture.plan
        return save(self.image, name, quality=quality or self._quality(name), plan=plan, config=self._config)

    def _quality(self, name: str) -> int:
        """Return the quality of the first file; numbers for JPEG are libvips' unless the operator chose jpegli."""
        picture = self.picture
        stands_in = name == "jpeg" and self._config.jpeg_encoder != picture.config.jpeg_encoder
        if stands_in and not dict(picture.plan.format_quality).get(name):
            name = "jpegli"
        return equal_quality(name, picture.plan, picture.config)

    def _within(self, name: str, quality: int, encoded: bytes, limit: int) -> bytes:
        """Return the file, of less quality where it has more bytes than the limit; see ``selection.next_quality``."""
        while limit and (quality := selection.next_quality(quality, len(encoded), limit)):
            encoded = self._save(name, quality)
        return encoded

    def _save_lossless(self, name: str) -> bytes:
        picture, has_few_tones = self.picture, self._complexity < _FEW_TONES
        if name == "webp":
            near = {} if has_few_tones else {"near_lossless": True, "Q": _NEAR_LOSSLESS}
            body: bytes = pyvips.Operation.call(
                "webpsave_buffer",
                self.image,
                keep=keep_flags(self.image, picture.plan),
                lossless=True,
                effort=picture.config.webp_effort,
                **near,
            )
            return body
        config = picture.config
        if has_few_tones and not config.png_quantize:
            config = replace(config, png_quantize=True, png_quantization_colors=256)
        return save(self.image, "png", quality=0, plan=picture.plan, config=config)
