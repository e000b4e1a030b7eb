"""The state of a picture between two steps: pixels, geometry, plan."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pyvips

from mememime_proxy.errors import ImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.geometry.boxes import Box, Move, carried, stored
from mememime_proxy.geometry.detections import Detection, carried_objects
from mememime_proxy.geometry.geometry import Geometry, Rotation, calculate
from mememime_proxy.imaging.codecs.jpeg.gain_map import GainMap, gain_map_of
from mememime_proxy.imaging.color.icc import is_synthetic
from mememime_proxy.imaging.color.working_space import WorkingSpace
from mememime_proxy.imaging.image_fields import PAGE_HEIGHT_FIELD, field
from mememime_proxy.plan import Plan, RenderConfig

if TYPE_CHECKING:
    from mememime_proxy.imaging.codecs.load import OriginalImage

_log = logging.getLogger(__name__)

ORIENTATION_FIELD = "orientation"
_ANIMATION_FIELDS = ("delay", "loop", PAGE_HEIGHT_FIELD, "n-pages")


class Picture(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One state of a picture. A step takes one and returns the next; nothing is changed in place.

    A struct, since a render makes ten of them: ``dataclasses.replace`` takes a hundred times as long for one.
    """

    decoded: pyvips.Image | None
    """The pixels so far; None while the original has not been decoded, because it may be loaded smaller."""
    geometry: Geometry
    plan: Plan
    config: RenderConfig
    format: str
    """Name of the format that will be written."""
    original: OriginalImage | None
    """Loads the picture again at another size; None where that is no longer possible."""
    orientation: int = 1
    """The EXIF orientation in which the pixels are stored."""
    base_scale: float = 1.0
    """The scale at which a vector original was loaded to keep it within the limit."""
    icc: bytes | None = None
    """The colour profile of the samples, embedded or made for what else the original says of them."""
    imported: bool = False
    """The colours were already taken through that profile: they are sRGB now."""
    peak: float = 0.0
    """The brightest light of an HDR original that is tone-mapped, 1 = reference white; 0 = not measured."""
    gain: GainMap | None = None
    """The gain map of an Ultra HDR original."""
    marks: Mapping[str, OriginalImage] = msgspec.field(default_factory=dict)
    """Watermarks and masks by their URLs; '' is the operator's."""
    backdrop: pyvips.Image | None = None
    """What fills the canvas, blurred."""
    areas: tuple[Box, ...] = ()
    """The plan's areas, where they are in the picture so far."""
    detections: tuple[Box, ...] = ()
    """What was found in the picture and is to be blurred, with a margin, where it is so far."""
    objects: tuple[Detection, ...] = ()
    """What was found in the picture, where it is so far."""
    candidates: tuple[str, ...] = ()
    """Formats of which the last step writes the one that makes the smallest file; empty = ``format``."""
    frames: int = 1
    """Frames of an animation, one below the other in ``image``; ``geometry`` is that of one of them."""
    encoded: bytes | None = None
    """The file, once the last step has written it."""

    @property
    def image(self) -> pyvips.Image:
        """The pixels so far, from the original at full size where nothing was decoded yet."""
        if self.decoded is not None:
            return self.decoded
        if self.original is None:
            raise ValueError("a picture without pixels and without an original")
        return self.original.load(gain_map=self.keeps_gain_map)

    @property
    def keeps_hdr(self) -> bool:
        """More than 8 bits a channel are kept up to the result."""
        return self.plan.preserve_hdr and FORMATS[self.format].hdr

    @property
    def working_space(self) -> WorkingSpace:
        """The space of the pixels so far."""
        return WorkingSpace(None if self.imported else self.icc, self.peak or 1.0)

    @property
    def keeps_profile(self) -> bool:
        """The colours of the original are those of the result.

        HDR that no embedded profile describes stays only with ``preserve_hdr``.
        """
        if self.icc is None or self.plan.saving.color_profile:
            return False
        encoding = self.working_space.hdr
        if encoding is not None and encoding.code_points and self.keeps_hdr:
            return True
        wanted = not self.plan.strip_color_profile and FORMATS[self.format].icc
        return wanted and (encoding is None or not is_synthetic(self.icc))

    @property
    def keeps_gain_map(self) -> bool:
        """A gain map is to be loaded, and written again."""
        return (
            self.plan.preserve_hdr
            and self.format == "jpeg"
            and self.original is not None
            and self.original.header.gain_map
        )

    def with_changes(self, **changes: Any) -> Picture:
        """Return the picture with other values of the named fields. Raises TypeError for a name that is none."""
        return msgspec.structs.replace(self, **changes)

    def with_image(self, image: pyvips.Image) -> Picture:
        """Return the same picture with other pixels of the same place."""
        return self.with_changes(decoded=image)

    def transformed(self, move: Callable[[pyvips.Image], pyvips.Image]) -> Picture:
        """Return the picture after a change of its geometry, which its gain map follows."""
        return self.with_changes(
            decoded=move(self.image), gain=None if self.gain is None else self.gain.transformed(move)
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> Picture:
        """Return a part of the picture; its gain map and its areas follow."""
        across, down = self.image.width, self.image.height
        part = Box(left / across, top / down, (left + width) / across, (top + height) / down)
        return self.transformed(lambda layer: layer.crop(left, top, width, height)).with_boxes_moved(Move(crop=part))

    @property
    def has_boxes(self) -> bool:
        """Whether there are areas, detections or objects."""
        return bool(self.areas or self.detections or self.objects)

    def with_boxes_moved(self, move: Move) -> Picture:
        """Return the picture with its areas and detections where a change of its geometry takes them."""
        if not self.has_boxes:
            return self
        return self.with_changes(
            areas=carried(self.areas, move),
            detections=carried(self.detections, move),
            objects=carried_objects(self.objects, move),
        )

    def loaded(self, image: pyvips.Image, geometry: Geometry | None = None) -> Picture:
        """Return the picture with ``image`` fresh from the decoder, and the geometry that belongs to its size."""
        gain = gain_map_of(image) if self.keeps_gain_map else self.gain
        if self.original is not None and self.original.header.pages > 1:
            image = single_frame(image)
        return self.with_changes(decoded=image, geometry=geometry or self.geometry, gain=gain)

    def with_geometry_of(self, image: pyvips.Image, *, vector: bool = False) -> Picture:
        """Return the picture with ``image`` as what its geometry is calculated from."""
        geometry = calculate(image.width, image.height, self.orientation, self.plan, vector=vector)
        return self.with_changes(decoded=image, geometry=geometry)


def plan_areas(plan: Plan, stored_orientation: int) -> tuple[Box, ...]:
    """Return the plan's areas in a picture that is stored with an EXIF orientation."""
    areas = plan.effects.blur_areas.areas
    boxes = (Box(left, top, left + width, top + height) for left, top, width, height in areas)
    return stored(boxes, Rotation.from_orientation(stored_orientation))


def orientation(image: pyvips.Image) -> int:
    """Return the EXIF orientation that the image's metadata tells, 1 where it tells none."""
    return int(field(image, ORIENTATION_FIELD, 1))


def thumbnail(original: OriginalImage) -> pyvips.Image | None:
    """Return the thumbnail embedded in a HEIC or AVIF original, if there is one that can be read."""
    if not original.header.thumbnail:
        return None
    try:
        return original.load(thumbnail=True)
    except (pyvips.Error, ImageError) as error:
        _log.debug("thumbnail.unreadable", exc_info=error)
        return None


def single_frame(image: pyvips.Image) -> pyvips.Image:
    """Return a first frame that no longer claims to be part of an animation."""
    present = [name for name in _ANIMATION_FIELDS if image.get_typeof(name)]
    if not present:
        return image
    image = image.copy()
    for name in present:
        image.remove(name)
    return image
