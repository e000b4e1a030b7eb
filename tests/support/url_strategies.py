"""Shared by the URL tests: keys, a parser of signed URLs, strategies for sources and options."""

from __future__ import annotations

import string
from base64 import urlsafe_b64encode
from collections.abc import Callable

from hypothesis import strategies as st

from mememime_proxy.plan import GravityType, ResizingType
from mememime_proxy.urls.building.builder import UrlBuilder
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.parser import UrlParser
from tests.support import effect_urls, output_urls

KEY, SALT = "6b" * 32, "73" * 32
ENCRYPTION_KEY = "1eb5b0e971ad7f45324c1bb15c947cb207c43152fa5c6c7f35c4f36e0c18e0f1"
KEY_PAIRS = ((bytes.fromhex(KEY), bytes.fromhex(SALT)),)
NOW = 1_700_000_000.0


def unsigned(**settings: object) -> UrlParser:
    return UrlParser(UrlConfig(allow_unsigned=True, **settings))


def signed(**settings: object) -> UrlParser:
    return UrlParser(UrlConfig(key_pairs=KEY_PAIRS, **settings))


def builder(base_url: str = "") -> UrlBuilder:
    return UrlBuilder(base_url, KEY, SALT, encryption_key=ENCRYPTION_KEY)


flags = st.booleans()
lengths = st.integers(0, 2**31 - 1)
offsets = st.floats(-1000, 1000, allow_nan=False)
shares = st.floats(0, 1)
positive = st.floats(0, 1000, exclude_min=True)
words = st.text(string.ascii_letters + string.digits + "-_.~", min_size=1, max_size=20)
formats = st.sampled_from(["jpeg", "jpg", "png", "webp", "gif", "avif", "jxl", "heic", "tiff", "bmp", "ico", "svg"])
digits = st.sampled_from("0123456789abcdefABCDEF")
hexadecimal = st.text(digits, min_size=6, max_size=6) | st.text(digits, min_size=3, max_size=3)
_NO_PLACES = (GravityType.SMART, GravityType.FOCUS_POINT, GravityType.OBJECTS, GravityType.PROPORTIONAL)
places = [kind.value for kind in GravityType if kind not in _NO_PLACES]
classes = st.lists(st.sampled_from(["face", "car", "all"]), max_size=3).map(tuple)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


def gravity(*, smart: bool) -> st.SearchStrategy[tuple[object, ...]]:
    strategy = st.tuples(st.sampled_from(places), maybe(offsets), maybe(offsets)) | st.tuples(
        st.just("fp"), shares, shares
    )
    objects = classes.map(lambda names: ("obj", *names)) | st.just(("objw", "face", 2.5, "all", 1))
    return strategy | st.just(("sm",)) | objects if smart else strategy


def flat(*parts: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Arguments of several strategies in a row; a tuple among them stands for several arguments."""
    return st.tuples(*parts).map(lambda values: tuple(v for value in values for v in _as_tuple(value)))


def _as_tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


_size = (maybe(lengths), maybe(lengths), maybe(flags))
_extended = st.just(()) | flat(flags, gravity(smart=False))

METHODS: dict[str, st.SearchStrategy[tuple[object, ...]]] = {
    **effect_urls.METHODS,
    **output_urls.METHODS,
    "resize": flat(maybe(st.sampled_from([kind.value for kind in ResizingType])), *_size, _extended),
    "size": flat(*_size, _extended),
    "resizing_type": flat(st.sampled_from([kind.value for kind in ResizingType])),
    "width": flat(lengths),
    "height": flat(lengths),
    "min_width": flat(lengths),
    "min_height": flat(lengths),
    "zoom": flat(positive) | flat(positive, positive),
    "dpr": flat(positive),
    "enlarge": flat(flags),
    "extend": flat(flags, gravity(smart=False)),
    "extend_aspect_ratio": flat(flags, gravity(smart=False)),
    "gravity": gravity(smart=True),
    "crop": flat(st.floats(0, 5000)) | flat(st.floats(0, 5000), st.floats(0, 5000), gravity(smart=True)),
    "crop_objects": st.tuples(positive, classes).map(lambda values: (values[0], *values[1])),
    "objects_position": gravity(smart=False) | st.just(("prop",)),
    "trim": flat(maybe(offsets), maybe(hexadecimal), maybe(flags), maybe(flags)),
    "padding": flat(maybe(lengths), maybe(lengths), maybe(lengths), maybe(lengths)),
    "auto_rotate": flat(flags),
    "rotate": flat(st.sampled_from([-270, -90, 0, 90, 180, 270, 360, 450])),
    "flip": flat(maybe(flags), maybe(flags)),
    "background": flat(maybe(hexadecimal)) | st.tuples(st.tuples(*[st.integers(0, 255)] * 3)),
    "blur": flat(st.floats(0, 100)),
    "sharpen": flat(st.floats(0, 100)),
    "pixelate": flat(lengths),
    "watermark": flat(shares, maybe(st.sampled_from([*places, "re"])), maybe(offsets), maybe(offsets), maybe(positive)),
    "strip_metadata": flat(flags),
    "keep_copyright": flat(flags),
    "strip_color_profile": flat(flags),
    "preserve_hdr": flat(flags),
    "enforce_thumbnail": flat(flags),
    "video_thumbnail_second": flat(offsets | st.just("auto") | st.integers(0, 100).map("{}p".format)),
    "video_thumbnail_keyframes": flat(flags),
    "video_thumbnail_tile": flat(
        st.floats(-1000, 1000, allow_nan=False).filter(bool),
        *[st.integers(1, 10_000)] * 4,
        *[maybe(flags)] * 3,
        *[maybe(shares)] * 2,
    ),
    "video_thumbnail_animation": flat(
        st.floats(-1000, 1000, allow_nan=False).filter(bool),
        *[st.integers(1, 10_000)] * 4,
        *[maybe(flags)] * 3,
        *[maybe(shares)] * 2,
    ),
    "clip": flat(maybe(offsets), maybe(shares)),
    "video_codec": flat(st.sampled_from(["auto", "h264", "hevc", "vp9", "av1", "copy", "none"])),
    "audio_codec": flat(st.sampled_from(["auto", "aac", "opus", "mp3", "flac", "pcm", "copy", "none"])),
    "video_bitrate": flat(st.integers(0, 1_000_000)),
    "audio_bitrate": flat(st.integers(0, 1024)),
    "fps": flat(st.floats(0, 240), maybe(flags)),
    "keyframe_interval": flat(st.floats(0, 60, exclude_min=True)),
    "encoder_speed": flat(st.integers(0, 9)),
    "audio_channels": flat(st.sampled_from([0, 1, 2, 6])),
    "sample_rate": flat(st.integers(8_000, 192_000)),
    "loudness": flat(st.sampled_from([0, 1])) | flat(st.floats(-70, -5), maybe(st.floats(-9, 0))),
    "volume": flat(st.floats(-60, 20)),
    "fade": flat(maybe(shares), maybe(shares)),
    "speed": flat(st.floats(0.25, 4)),
    "track": flat(st.integers(0, 999) | st.sampled_from(["en", "deu"])),
    "loop": flat(st.integers(0, 65_535)),
    "tone_map": flat(st.sampled_from(["auto", "off"])),
    "deinterlace": flat(st.sampled_from(["auto", "off"])),
    "storyboard": flat(
        maybe(st.floats(1, 100)), st.integers(1, 1000), maybe(st.integers(0, 1000)), *[maybe(st.integers(1, 100))] * 2
    ),
    "waveform": flat(st.integers(0, 1 << 24), maybe(st.sampled_from([8, 16])), maybe(st.sampled_from([1, 2]))),
    "spectrogram": flat(flags),
    "ladder": st.lists(st.integers(64, 4320), min_size=1, max_size=8).map(tuple) | st.just(("copy", "av1")),
    "segment_duration": flat(st.floats(2, 10)),
    "quality": flat(st.integers(0, 100)),
    "format_quality": st.dictionaries(formats, st.integers(0, 100), min_size=1).map(lambda d: (d,)),
    "max_bytes": flat(st.integers(0, 2**63 - 1)),
    "format": flat(formats),
    "skip_processing": st.lists(formats, min_size=1).map(tuple),
    "raw": flat(flags),
    "cachebuster": flat(words),
    "expires": flat(st.integers(int(NOW) + 1, 2**63 - 1) | st.just(0)),
    "filename": flat(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), max_size=30)),
    "return_attachment": flat(flags),
    "preset": st.lists(st.sampled_from(["small", "nested"]), min_size=1).map(tuple),
    "max_src_resolution": flat(st.floats(0, 1000)),
    "max_src_file_size": flat(st.integers(-(2**63) + 1, 2**63 - 1)),
    "max_animation_frames": flat(st.integers(1, 2**31 - 1)),
    "max_animation_frame_resolution": flat(st.floats(0, 1000)),
    "max_result_dimension": flat(st.integers(-100, 2**31 - 1)),
}
"""Arguments for each method of UrlBuilder that adds an option."""

PRESETS = ("small=rs:fit:100:100/q:50", "nested=pr:small/bl:2")

calls = st.sampled_from(sorted(METHODS)).flatmap(lambda name: st.tuples(st.just(name), METHODS[name]))
"""A method's name and its arguments."""

sources = st.builds(
    "{}{}".format,
    st.sampled_from(["http://", "https://example.com/", "local:///", "s3://bucket/", "", "local://", "x:/"]),
    st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), min_size=1, max_size=60),
)
"""Source URLs, with any character that one can have."""


def call(on: UrlBuilder, name: str, arguments: tuple[object, ...]) -> UrlBuilder:
    method: Callable[..., UrlBuilder] = getattr(on, name)
    if name == "format_quality":
        return method(**arguments[0])
    return method(*arguments)


def written(name: str, arguments: tuple[object, ...]) -> str:
    """The same option, put into text without the builder's help."""
    if name == "format_quality":
        arguments = tuple(value for pair in arguments[0].items() for value in pair)
    elif name == "blur_areas":
        arguments = (arguments[0], *(number for area in arguments[1:] for number in area))
    elif name in ("watermark_text", "watermark_url", "mask", "style", "fallback_image_url"):
        arguments = (urlsafe_b64encode(arguments[0].encode()).decode().rstrip("=") if arguments[0] else "-",)
    elif name == "background":
        arguments = _as_tuple(arguments[0])
    elif name == "filename":
        arguments = (urlsafe_b64encode(arguments[0].encode()).decode().rstrip("="), "true")
    texts = ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in arguments]
    return ":".join([name.replace("min_", "min-"), *texts])
