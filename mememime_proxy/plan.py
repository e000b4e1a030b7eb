"""The plan of a render, as frozen values: all that passes from a URL to the pixels.

Lengths are in pixels, angles in degrees, unless a docstring says otherwise. Every class is plain data that ``msgspec``
can send to a worker.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields, replace

from mememime_proxy.detection.config import FACES_ALONE, NO_CLASSES, ClassificationConfig, DetectionConfig
from mememime_proxy.detection.options import NO_OBJECTS, ObjectOptions
from mememime_proxy.formats.effects_plan import NO_EFFECTS, NO_MARK, NO_SHAPE, Effects, Mark, Shape, Watermark
from mememime_proxy.formats.film_still import DEFAULT_MOMENT, VideoMoment, VideoTile
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.media_plan import NO_MEDIA, MediaPlan, output_kind
from mememime_proxy.formats.output_plan import (
    AS_SET,
    FIRST_PAGE,
    FULL_CROP,
    MASK_AS_SET,
    NO_CACHING,
    QUALITY_AS_SET,
    Autoquality,
    AutoqualityConfig,
    Caching,
    CropAspectRatio,
    JpegEncoder,
    MaskMode,
    PageRange,
    ResizingAlgorithm,
    Saving,
    Subsampling,
    UnsharpMask,
    WebpCompression,
)
from mememime_proxy.formats.output_rules import NO_PREFERENCE, C2paMode, FormatPreference, OriginalPolicy
from mememime_proxy.formats.outputs import OutputKind

MAX_PICTURES = 8
"""Of watermarks and masks that one plan names by their URLs."""

Color = tuple[int, int, int]
"""Red, green, blue, 0–255 each."""


class ResizingType(enum.StrEnum):
    """The way in which a picture is fitted to the box of width and height."""

    FIT = "fit"
    FILL = "fill"
    FILL_DOWN = "fill-down"
    FORCE = "force"
    AUTO = "auto"


class GravityType(enum.StrEnum):
    """The part that is kept by a crop, or the position of a watermark or the picture on its canvas."""

    CENTER = "ce"
    NORTH = "no"
    SOUTH = "so"
    EAST = "ea"
    WEST = "we"
    NORTH_EAST = "noea"
    NORTH_WEST = "nowe"
    SOUTH_EAST = "soea"
    SOUTH_WEST = "sowe"
    SMART = "sm"
    FOCUS_POINT = "fp"
    OBJECTS = "obj"
    PROPORTIONAL = "prop"
    """Of objects in a crop: where they are in the picture."""


@dataclass(frozen=True, slots=True)
class Gravity:
    """A position. ``x``, ``y``: offsets (|v| ≥ 1 absolute, < 1 relative), or the focus point in 0–1 for ``fp``."""

    type: GravityType = GravityType.CENTER
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Extend:
    """Fill up to the box with transparency; ``gravity`` places the picture on it."""

    enabled: bool = False
    gravity: Gravity = Gravity()


@dataclass(frozen=True, slots=True)
class Crop:
    """An area to crop before resizing. A side: 0 = full, < 1 relative, ≥ 1 pixels. Without gravity: the plan's."""

    width: float = 0.0
    height: float = 0.0
    gravity: Gravity | None = None


@dataclass(frozen=True, slots=True)
class Trim:
    """Cut away a border of one colour; without ``color`` that of the top left pixel."""

    threshold: float
    color: Color | None = None
    equal_hor: bool = False
    equal_ver: bool = False


@dataclass(frozen=True, slots=True)
class Padding:
    """Border widths before dpr is applied."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def __bool__(self) -> bool:
        return bool(self.top or self.right or self.bottom or self.left)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Limits of an original and a result; 0 = no limit."""

    max_src_resolution: int = 50_000_000
    """Pixels, all frames together."""
    max_src_file_size: int = 0
    """Bytes."""
    max_animation_frames: int = 1
    max_animation_frame_resolution: int = 0
    """Pixels of one frame of an animation; where set, it replaces the limit on all its frames together."""
    max_result_dimension: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one variant. Equal plans give the same bytes, also for different spellings of a URL."""

    source: str = ""
    """Absolute URL of the original, with its scheme."""

    # geometry
    resizing_type: ResizingType = ResizingType.FIT
    width: int = 0
    height: int = 0
    min_width: int = 0
    min_height: int = 0
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    dpr: float = 1.0
    enlarge: bool = False
    extend: Extend = Extend()
    extend_aspect_ratio: Extend = Extend()
    resizing_algorithm: ResizingAlgorithm = ResizingAlgorithm.LANCZOS3
    unsharp: UnsharpMask = MASK_AS_SET
    gravity: Gravity = Gravity()
    objects: ObjectOptions = NO_OBJECTS
    objects_position: Gravity = Gravity()
    """Where objects lie in what is cropped by them."""
    follows_focus: bool = False
    """The focal point that is stored with the source, if there is one, replaces ``gravity``."""
    takes_preset: bool = False
    """The preset that is stored with the source applies: the URL has no options of its own."""
    crop: Crop = Crop()
    crop_aspect_ratio: CropAspectRatio = FULL_CROP
    trim: Trim | None = None
    padding: Padding = Padding()
    auto_rotate: bool = True
    rotate: int = 0
    """Clockwise, one of 0, 90, 180, 270."""
    flip_horizontal: bool = False
    flip_vertical: bool = False

    # pixels
    background: Color | None = None
    blur: float = 0.0
    sharpen: float = 0.0
    pixelate: int = 1
    effects: Effects = NO_EFFECTS
    shape: Shape = NO_SHAPE
    watermark: Watermark | None = None
    mark: Mark = NO_MARK

    chain: tuple[Plan, ...] = ()
    """The pipelines behind the first one, each on the result of the one before. Of these only fields outside of
    ``REQUEST_FIELDS`` count."""

    # pages and frames of the original
    pages: PageRange = FIRST_PAGE
    disable_animation: bool = False
    hashsum: str = ""
    """Algorithm and digest of the original, ``md5:d41d…``; '' = whatever they are."""

    # the still of a film
    video_moment: VideoMoment = DEFAULT_MOMENT
    video_key_frames: bool = False
    """The last key frame at the moment or before it, in place of the frame on screen."""
    video_tile: VideoTile | None = None
    """A sprite that begins with that frame."""
    media: MediaPlan = NO_MEDIA
    """Of films and sound; for other results it is the default."""

    # metadata and colours of the original
    strip_metadata: bool = True
    keep_copyright: bool = True
    strip_color_profile: bool = True
    preserve_hdr: bool = False
    enforce_thumbnail: bool = False
    original_policy: OriginalPolicy = OriginalPolicy.ALLOW
    """Other than ALLOW: no result tells a location or a serial number, whatever metadata it keeps."""

    # output
    info: InfoFields | None = None
    """The result is a description of the original, in JSON, and no picture."""
    format: str = ""
    """Canonical format name; empty = chosen from source and preference."""
    best: bool = False
    """Without a ``format``: the one that makes the smallest file of what the client accepts; see ``best_format``."""
    as_stack: bool = False
    """The result is a PNG with all frames, for a worker that encodes a film of them (``frame_stack``)."""
    quality: int = 0
    format_quality: tuple[tuple[str, int], ...] = ()
    autoquality: Autoquality = QUALITY_AS_SET
    max_bytes: int = 0
    skip_processing: tuple[str, ...] = ()
    preference: FormatPreference = NO_PREFERENCE
    limits: ImageLimits = ImageLimits()

    saving: Saving = AS_SET

    # delivery: changes headers, never pixels
    raw: bool = False
    cachebuster: str = ""
    expires: int = 0
    """Unix seconds; 0 = never."""
    filename: str = ""
    return_attachment: bool = False
    caching: Caching = NO_CACHING

    @property
    def pipelines(self) -> tuple[Plan, ...]:
        """The plans of all pipelines, this one first; each has what is common to the request."""
        return (self, *(_joined(self, each) for each in self.chain)) if self.chain else (self,)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The URLs of the pictures that are laid over the original, each once."""
        pipelines = (self, *self.chain)
        marks = [each.mark.url for each in pipelines if each.watermark is not None and not each.mark.text]
        return tuple(dict.fromkeys(filter(None, (*(each.shape.mask for each in pipelines), *marks))))

    @property
    def is_opaque(self) -> bool:
        """The picture is on a background without transparency, in every format."""
        return self.background is not None and self.effects.background_alpha >= 1

    @property
    def output_kind(self) -> OutputKind | None:
        """The kind of result of a film or sound; None for a picture, be it a film's frame, and for a description."""
        return None if self.info is not None or self.raw else output_kind(self.format, self.media)


DELIVERY_FIELDS = frozenset({"raw", "cachebuster", "expires", "filename", "return_attachment", "caching"})
"""Fields of a plan that change headers, never pixels."""

REQUEST_FIELDS = DELIVERY_FIELDS | {
    *("source", "follows_focus", "takes_preset", "chain", "video_moment", "video_key_frames", "video_tile", "media"),
    *("strip_metadata", "keep_copyright", "strip_color_profile", "preserve_hdr", "enforce_thumbnail"),
    *("original_policy", "info", "format", "best", "as_stack", "quality", "format_quality", "max_bytes"),
    *("skip_processing", "preference", "limits", "pages", "disable_animation", "hashsum", "saving", "autoquality"),
}
"""Fields that a request has once, however many pipelines its plan chains. Each pipeline has all others for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderConfig(AutoqualityConfig):
    """The operator's choices for encoders and formats: the same for every request of a process."""

    quality: int = 80
    format_quality: dict[str, int] = field(default_factory=lambda: {"webp": 79, "avif": 63, "jxl": 77})
    jpeg_progressive: bool = False
    jpeg_no_subsample: bool = False
    jpeg_trellis_quant: bool = False
    jpeg_overshoot_deringing: bool = False
    jpeg_optimize_scans: bool = False
    jpeg_quant_table: int = 0
    jpeg_encoder: JpegEncoder = "libvips"
    png_interlaced: bool = False
    png_quantize: bool = False
    png_quantization_colors: int = 256
    palette_effort: int = 7
    """How hard to look for the best colours of a palette, 1–10; 7 is libvips' choice and imgproxy's."""
    webp_effort: int = 4
    webp_preset: str = "default"
    webp_compression: WebpCompression = "lossy"
    webp_smart_subsample: bool = False
    avif_speed: int = 8
    """0 slowest – 9 fastest; libvips' effort is 9 − speed."""
    avif_subsample: Subsampling = "auto"
    avif_animation: bool = False
    """AVIF holds animations: they are read, and written where the result is one."""
    jxl_effort: int = 4
    preferred_formats: tuple[str, ...] = ("jpeg", "png", "gif")
    detection: DetectionConfig = FACES_ALONE
    classification: ClassificationConfig = NO_CLASSES
    best_format_complexity_threshold: float = 5.5
    """Bits of entropy in a picture's luminance below which lossless formats are tried for it."""
    best_format_max_resolution: int = 0
    """Pixels of a result above which no format is tried; 0 = any number."""
    best_format_allow_skips: bool = False
    always_rasterize_svg: bool = False
    sanitize_svg: bool = True
    use_linear_colorspace: bool = False
    disable_shrink_on_load: bool = False
    pdf_no_background: bool = False
    png_unlimited: bool = False
    svg_unlimited: bool = False
    max_svg_size: int = 32 * 1024 * 1024
    """Bytes of a drawing once it is inflated and its entities are replaced."""
    tiff_unlimited: bool = False
    watermark_opacity: float = 1.0
    c2pa: C2paMode = "off"
    strip_metadata_dpi: float = 72.0
    color_profiles_dir: str = "/usr/share/color/icc"
    unsharp_masking_mode: MaskMode = "none"
    unsharp_masking_weight: float = 1.0
    unsharp_masking_divider: float = 24.0
    return_smaller_original: bool = False
    fail_on: str = "none"
    """The least damage of an original at which a render fails: ``none`` (what can be decoded is shown), ``truncated``,
    ``error`` or ``warning``; libvips' levels."""


PIPELINE_FIELDS = tuple(each.name for each in fields(Plan) if each.name not in REQUEST_FIELDS)
"""Fields that each pipeline has for itself."""


def _joined(first: Plan, following: Plan) -> Plan:
    """Return the plan of a pipeline behind the first one, with the fields that a request has once."""
    return replace(first, chain=(), **{name: getattr(following, name) for name in PIPELINE_FIELDS})


def pixel_fields() -> tuple[str, ...]:
    """Return the names of the plan's fields that decide the bytes of a picture; ``media`` is about other results."""
    return tuple(f.name for f in fields(Plan) if f.name not in DELIVERY_FIELDS and f.name != "media")
