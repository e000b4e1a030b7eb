"""The space in which the samples of a picture lie while it is worked on, and the ways from it to sRGB and back."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import pyvips
from cachetools import LRUCache, cached

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.imaging.color import icc as profiles
from mememime_proxy.imaging.color import tone_mapping
from mememime_proxy.imaging.metadata import blob_of, set_blob

_log = logging.getLogger(__name__)

ICC_FIELD = "icc-profile-data"
GREY = frozenset({"b-w", "grey16"})
_SIXTEEN_BITS = frozenset({"ushort", "short", "uint", "int"})
_DARK = 24
"""A dark grey of sRGB: the 25th of 256 samples. In linear light it would be the third."""
_SAMPLES = ("uchar", "ushort")
_SPACES = {"cmyk": b"CMYK", "b-w": b"GRAY", "grey16": b"GRAY", "srgb": b"RGB ", "rgb": b"RGB ", "rgb16": b"RGB "}
"""The signature of profiles for the spaces of libvips; other spaces take any profile that can be applied."""


@dataclass(frozen=True, slots=True)
class WorkingSpace:
    """A colour profile, or sRGB where there is none."""

    icc: bytes | None = None
    peak: float = 1.0
    """The brightest light of an HDR picture, 1 = reference white."""

    @property
    def srgb(self) -> bool:
        """Whether samples are sRGB, or grey with sRGB's curve."""
        return self.icc is None or profiles.is_srgb(self.icc)

    @property
    def hdr(self) -> ColorEncoding | None:
        """The encoding of an HDR picture: with PQ or HLG."""
        return None if self.icc is None else profiles.hdr_encoding(self.icc)

    @property
    def needs_depth(self) -> bool:
        """Whether 8 bits are too coarse for what is dark: HDR, and what is close to linear light."""
        return not self.srgb and (self.hdr is not None or (self.icc is not None and _is_coarse(self.icc)))

    def to_srgb(self, image: pyvips.Image) -> pyvips.Image:
        """Return the image in sRGB, or grey with sRGB's curve; unchanged if the profile cannot be applied to it.

        HDR is tone-mapped, and then has 8 bits.
        """
        if self.icc is None or self.srgb or image.format not in _SAMPLES:
            return image
        encoding = self.hdr
        if encoding is not None and fits(self.icc, image):
            return tone_mapping.to_srgb(image, encoding, self.peak)
        return _transformed(with_profile(image, self.icc), self.icc)

    def from_srgb(self, image: pyvips.Image, *, sixteen: bool) -> pyvips.Image:
        """Return an image in sRGB, or in grey with its curve, in this space, with 8 or 16 bits a channel.

        Grey stays grey only in a space of grey. Unchanged but for its depth if the profile cannot be applied.
        """
        if self.icc is None or self.srgb:
            return _with_depth(image, sixteen=sixteen)
        grey = profiles.color_space(self.icc) == b"GRAY"
        if image.interpretation in GREY and not grey:
            image = image.colourspace("srgb")
        encoding = self.hdr
        if encoding is not None:
            return tone_mapping.from_srgb(image, encoding, sixteen=sixteen)
        pcs = profiles.connection_space(self.icc)
        try:
            standard = "sgrey" if image.interpretation in GREY else "srgb"
            imported = image.icc_import(input_profile=standard, pcs=pcs)
            return with_profile(imported, self.icc).icc_export(pcs=pcs, depth=16 if sixteen else 8)
        except pyvips.Error as error:
            _log.debug("color_profile.ignored", exc_info=error)
            return _with_depth(image, sixteen=sixteen)

    def color(self, rgb: Sequence[int], *, sixteen: bool) -> list[float]:
        """Return an sRGB colour, 0–255 a channel, as samples of this space; one for a space of grey."""
        if self.icc is None or self.srgb:
            factor = 257 if sixteen else 1
            return [float(value * factor) for value in rgb]
        pixel = pyvips.Image.new_from_memory(bytes(rgb), 1, 1, 3, "uchar").copy(interpretation="srgb")
        if profiles.color_space(self.icc) == b"GRAY":
            pixel = pixel.colourspace("b-w")
        samples: list[float] = self.from_srgb(pixel, sixteen=sixteen).getpoint(0, 0)
        return samples


def working_space(image: pyvips.Image) -> WorkingSpace:
    """Return the space of an image by the profile attached to it; HDR is measured, for which it is decoded."""
    icc = profile(image)
    if icc is None or not readable(icc, image):
        return WorkingSpace()
    encoding = profiles.hdr_encoding(icc)
    return WorkingSpace(icc) if encoding is None else WorkingSpace(icc, tone_mapping.peak(image, encoding))


def profile(image: pyvips.Image) -> bytes | None:
    """Return the colour profile attached to the image."""
    return blob_of(image, ICC_FIELD)


def with_profile(image: pyvips.Image, icc: bytes) -> pyvips.Image:
    """Return the image with a profile attached: some conversions lose it."""
    if profile(image) == icc:
        return image
    image = image.copy()
    set_blob(image, ICC_FIELD, icc)
    return image


def without_profile(image: pyvips.Image) -> pyvips.Image:
    """Return the image with no profile attached."""
    if not image.get_typeof(ICC_FIELD):
        return image
    image = image.copy()
    image.remove(ICC_FIELD)
    return image


def fits(icc: bytes, image: pyvips.Image) -> bool:
    """Return whether the profile is one for samples like those of the image."""
    wanted = _SPACES.get(str(image.interpretation))
    return wanted is None or profiles.color_space(icc) == wanted


def readable(icc: bytes, image: pyvips.Image) -> bool:
    """Return whether the profile is whole, and made for samples like those of the image: lcms can convert them."""
    if len(icc) < profiles.HEADER_LENGTH or not fits(icc, image):
        return False
    return profiles.is_srgb(icc) or profiles.is_synthetic(icc) or (profiles.is_whole(icc) and _opens(icc))


def _digest(icc: bytes) -> bytes:
    return hashlib.blake2b(icc, digest_size=16).digest()


@cached(LRUCache(maxsize=256), key=_digest)  # photographs of one camera share their profile
def _opens(icc: bytes) -> bool:
    bands, space = {b"GRAY": (1, "b-w"), b"CMYK": (4, "cmyk")}.get(profiles.color_space(icc), (3, "srgb"))
    pixel = pyvips.Image.new_from_memory(bytes(bands), 1, 1, bands, "uchar").copy(interpretation=space)
    try:
        with_profile(pixel, icc).icc_import(embedded=True, pcs=profiles.connection_space(icc)).avg()
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return False
    return True


@cached(LRUCache(maxsize=256), key=_digest)
def _is_coarse(icc: bytes) -> bool:
    return WorkingSpace(icc).color((_DARK, _DARK, _DARK), sixteen=False)[0] < _DARK / 4


def depth(image: pyvips.Image) -> int:
    """Return the bits of a channel that profiles are applied in."""
    return 16 if image.format in _SIXTEEN_BITS else 8


def _with_depth(image: pyvips.Image, *, sixteen: bool) -> pyvips.Image:
    grey = image.interpretation in GREY
    wanted = ("grey16" if sixteen else "b-w") if grey else ("rgb16" if sixteen else "srgb")
    return image if image.interpretation == wanted else image.colourspace(wanted)


def _transformed(image: pyvips.Image, icc: bytes) -> pyvips.Image:
    """Return the image, which has the profile, in sRGB, or grey with sRGB's curve; unchanged if that is broken."""
    if len(icc) < profiles.HEADER_LENGTH:
        return image
    target = "sgrey" if image.interpretation in GREY else "srgb"
    pcs = profiles.connection_space(icc)
    try:
        if depth(image) == 8:
            return image.icc_transform(target, embedded=True, pcs=pcs, depth=8)
        # In one step lcms interpolates 16 bits in a coarse table; by way of the connection space it does not.
        imported = image.icc_import(embedded=True, pcs=pcs)
        return imported.icc_export(output_profile=target, pcs=pcs, depth=16)
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return image


def srgb_of(image: pyvips.Image) -> pyvips.Image:
    """Return an image in sRGB."""
    image = working_space(image).to_srgb(image)
    # Each operation costs a tenth of a millisecond, also where it has nothing to do.
    return image if image.interpretation == "srgb" and image.format == "uchar" else image.colourspace("srgb")
