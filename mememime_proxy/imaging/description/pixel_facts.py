"""What the pixels of an original tell.

All share one decode to a small copy, but for a crop, which needs the full size, and the search for transparent pixels.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import cached_property
from typing import Any

import pyvips

from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import FIRST_PAGE
from mememime_proxy.geometry.geometry import Rotation, calculate
from mememime_proxy.imaging.analysis.decoding import decode_all
from mememime_proxy.imaging.analysis.placeholders import blurhash, fingerprint, thumbhash
from mememime_proxy.imaging.analysis.small_picture import SmallPicture
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.description.colors import average, dominant_colors, palette
from mememime_proxy.imaging.description.inline_picture import inline_picture
from mememime_proxy.imaging.detection.areas import find_in_original, found_in, upright_frame
from mememime_proxy.imaging.detection.detector import classifier_of
from mememime_proxy.imaging.pages import chosen_pages
from mememime_proxy.imaging.picture import Picture, single_frame
from mememime_proxy.imaging.steps.colors import to_processing
from mememime_proxy.imaging.steps.cropping import crop
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.plan import Plan, RenderConfig

_SHARE_DIGITS = 6


class PixelFacts:
    """Facts from the pixels of an original's first frame, or another one. Decoded once they are asked for."""

    def __init__(self, original: OriginalImage, plan: Plan, config: RenderConfig, fields: InfoFields) -> None:
        self._original = original
        self._plan = plan
        self._config = config
        self._fields = fields
        self._page, _ = chosen_pages(original.header, plan.pages)

    @cached_property
    def _image(self) -> pyvips.Image:
        """The picture as its decoder hands it over."""
        return self._load()

    def _load(self) -> pyvips.Image:
        return single_frame(self._original.load(page=self._page))

    @cached_property
    def _small(self) -> SmallPicture:
        return decode_all(self._original, self._page)[1]

    def contents(self) -> dict[str, Any]:
        """Return objects in the picture, and its classes. Raises MissingDetectorError."""
        document = dict[str, Any]()
        if self._fields.detect_objects:
            document["objects"] = self._objects()
        if self._plan.objects.classify:
            document["classes"] = self._classes()
        return document

    def _objects(self) -> list[dict[str, Any]]:
        return [
            {
                "class_id": each.class_id,
                "class_name": each.class_name,
                "confidence": each.confidence,
                "left": round(each.box.left, _SHARE_DIGITS),
                "top": round(each.box.top, _SHARE_DIGITS),
                "width": round(each.box.right - each.box.left, _SHARE_DIGITS),
                "height": round(each.box.bottom - each.box.top, _SHARE_DIGITS),
            }
            for each in find_in_original(self._original, self._config, self._page)
        ]

    def _classes(self) -> list[dict[str, Any]]:
        classifier = classifier_of(self._config.classification)
        found = classifier.classify(upright_frame(self._original, self._page), self._plan.objects.classify)
        return [{"class_id": each.class_id, "name": each.name, "confidence": each.confidence} for each in found]

    def structure(self) -> dict[str, Any]:
        """Return colour space, number of channels, type of samples."""
        fields, document = self._fields, dict[str, Any]()
        if fields.colorspace:
            document["colorspace"] = str(self._image.interpretation)
        if fields.bands:
            document["bands"] = self._image.bands
        if fields.sample_format:
            document["sample_format"] = str(self._image.format)
        return document

    def alpha(self) -> dict[str, bool]:
        """Return whether there is an alpha channel, and whether a pixel is not opaque, if that is to be found out."""
        has_alpha = bool(self._image.hasalpha())
        if not self._fields.check_transparency:
            return {"has_alpha": has_alpha}
        return {"has_alpha": has_alpha, "transparent": has_alpha and self._has_transparent_pixel()}

    def _has_transparent_pixel(self) -> bool:
        alpha = self._load()[-1]
        opaque = {"uchar": 255.0, "ushort": 65535.0}.get(str(alpha.format), 1.0)
        lowest: Any = alpha.min()
        return bool(lowest < opaque)

    def crop(self) -> dict[str, float]:
        """Return the area that a render with the plan's ``crop`` cuts out, in shares of the upright picture."""
        original = self._original
        header = original.header
        plan = replace(self._plan, info=None, pages=FIRST_PAGE)
        geometry = calculate(*header.nominal_size, header.orientation, plan, vector=original.vector)
        decoded = self._load().copy_memory() if self._page else None
        picture = Picture(
            decoded=decoded,
            geometry=geometry,
            plan=plan,
            config=self._config,
            format="png",
            original=original,
            orientation=header.orientation,
            objects=found_in(original if decoded is None else decoded, header.orientation, plan, self._config),
        )
        whole = to_processing(vector_guard(picture))
        image, area = whole.image, crop(whole).image
        # Where libvips cuts, it says how far the origin has moved.
        box = (-area.xoffset, -area.yoffset, area.width, area.height) if area is not image else _all_of(image)
        rotation = Rotation.from_orientation(header.orientation) if plan.auto_rotate else Rotation()
        left, top, width, height, full_width, full_height = _rotated(box, image.width, image.height, rotation)
        shares = (left / full_width, top / full_height, width / full_width, height / full_height)
        names = ("left", "top", "width", "height")
        return {name: round(share, _SHARE_DIGITS) for name, share in zip(names, shares, strict=True)}

    def colors(self) -> dict[str, Any]:
        """Return palette, average and dominant colours."""
        fields, document = self._fields, dict[str, Any]()
        if fields.palette:
            document["palette"] = palette(self._small.all_pixels(), fields.palette)
        if fields.average:
            pixels = self._small.all_pixels()
            document["average"] = average(pixels, ignore_transparent=fields.ignore_transparent)
        if fields.dominant_colors:
            pixels = self._small.all_pixels()
            document["dominant_colors"] = dominant_colors(pixels, build_missed=fields.build_missed)
        return document

    def hashes(self) -> dict[str, str]:
        """Return placeholders and the perceptual hash; the latter is the one that assets are stored with."""
        fields, document = self._fields, dict[str, str]()
        if fields.blurhash_x:
            document["blurhash"] = blurhash(self._small.pixels(), (fields.blurhash_x, fields.blurhash_y))
        if fields.thumb_hash:
            document["thumb_hash"] = base64.b64decode(thumbhash(self._small.pixels())).hex().upper()
        if fields.perceptual_hash:
            document["perceptual_hash"] = fingerprint(self._small.brightness())
        return document

    def previews(self) -> dict[str, Any]:
        """Return a small picture as a data URI, and the point that smart crop centres on."""
        fields, document = self._fields, dict[str, Any]()
        if fields.lqip:
            document["lqip"] = inline_picture(self._small.all_pixels(), fields.lqip, fields.lqip_format)
        if fields.focus and (point := self._small.saliency()) is not None:
            document["focus"] = {"x": point.x, "y": point.y}
        return document


def _all_of(image: pyvips.Image) -> tuple[int, int, int, int]:
    return 0, 0, image.width, image.height


def _rotated(
    box: tuple[int, int, int, int], full_width: int, full_height: int, rotation: Rotation
) -> tuple[int, int, int, int, int, int]:
    """Return a box of the stored picture as one of the upright picture, and that picture's sides."""
    left, top, width, height = box
    for _ in range(rotation.angle // 90):
        left, top, width, height = full_height - top - height, left, height, width
        full_width, full_height = full_height, full_width
    if rotation.flip:
        left = full_width - left - width
    return left, top, width, height, full_width, full_height
