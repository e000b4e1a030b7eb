"""Shared by the URL tests: for options of pages, kernels and saving: cases, what they refuse, arguments of methods."""

from base64 import urlsafe_b64encode

from hypothesis import strategies as st

from mememime_proxy.formats.output_plan import QUALITY_METHODS as AUTOQUALITY_METHODS
from mememime_proxy.formats.output_plan import (
    Autoquality,
    Caching,
    CropAspectRatio,
    PageRange,
    ResizingAlgorithm,
    Saving,
    UnsharpMask,
)


def saving(**fields):
    return {"saving": Saving(**fields)}


def encoded(text):
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


RED = "circle{fill:red;clip-path:url( '#a')}"

CASES = {
    "autoquality": {
        "ssim2:75.5:40:90:1": {"autoquality": Autoquality("ssim2", 75.5, 40, 90, 1.0)},
        "size:20000|~:::50": {"autoquality": Autoquality("size", 20000.0, 50)},
        "ml:70": {"autoquality": Autoquality("ml", 70.0)},
        "dssim:1:0:0:0": {"autoquality": Autoquality("dssim", 1.0)},
        "dssim:0.02:70:80:0.001|~:ssim2": {"autoquality": Autoquality("ssim2", min=70, max=80)},
        "none": {"autoquality": Autoquality("none")},
        "": {},
    },
    "color_profile": {"cmyk": saving(color_profile="cmyk"), "%73rgb|~:": saving(color_profile="srgb")},
    "style": {encoded(RED): saving(style=RED), f"{encoded(RED)}|~:": saving(style=RED)},
    "fallback_image_url": {
        encoded("http://h/a.png"): saving(fallback_url="http://h/a.png"),
        f"{encoded('http://h/a.png')}|~:-": {},
    },
    "hashsum": {
        "md5:D41D8CD98F00B204E9800998ECF8427E": {"hashsum": "md5:d41d8cd98f00b204e9800998ecf8427e"},
        f"sha512:{'a' * 128}|~:none": {},
        "none": {},
    },
    "bypass_cache": {"1": {"caching": Caching(bypass=True)}, "1|~:": {"caching": Caching(bypass=True)}, "0": {}},
    "cache_tags": {
        "a:b:a": {"caching": Caching(("a", "b"))},
        "a|~:b": {"caching": Caching(("b",))},
        "a|~:": {},
    },
    "jpeg_options": {
        "1:0:1:1:1:3": saving(
            jpeg_progressive=True,
            jpeg_no_subsample=False,
            jpeg_trellis_quant=True,
            jpeg_overshoot_deringing=True,
            jpeg_optimize_scans=True,
            jpeg_quant_table=3,
        ),
        "1|~::1": saving(jpeg_progressive=True, jpeg_no_subsample=True),
        "": {},
    },
    "png_options": {
        "1:1:16": saving(png_interlaced=True, png_quantize=True, png_quantization_colors=16),
        ":0": saving(png_quantize=False),
    },
    "webp_options": {
        "lossless:1:photo": saving(webp_compression="lossless", webp_smart_subsample=True, webp_preset="photo"),
        "::text": saving(webp_preset="text"),
    },
    "avif_options": {"off": saving(avif_subsample="off"), "off|~:": saving(avif_subsample="off")},
    "dpi": {"300": saving(dpi=300.0), "72.5": saving(dpi=72.5), "0": {}},
    "unsharp_masking": {
        "always:0.5:20": {"unsharp": UnsharpMask("always", 0.5, 20.0)},
        "auto|~::2": {"unsharp": UnsharpMask("auto", 2.0)},
    },
    "resizing_algorithm": {
        "nearest": {"resizing_algorithm": ResizingAlgorithm.NEAREST},
        "cubic|~:": {"resizing_algorithm": ResizingAlgorithm.CUBIC},
        "lanczos3": {},
    },
    "crop_aspect_ratio": {
        "1.5": {"crop_aspect_ratio": CropAspectRatio(1.5)},
        "1.5:1": {"crop_aspect_ratio": CropAspectRatio(1.5, True)},
        "1.5:1|~:2": {"crop_aspect_ratio": CropAspectRatio(2, True)},
        "0": {},
    },
    "page": {"3": {"pages": PageRange(3)}, "3|~:": {"pages": PageRange(3)}, "0": {}},
    "pages": {"3": {"pages": PageRange(count=3)}, "1": {}},
    "disable_animation": {"1": {"disable_animation": True}, "0": {}},
}

REFUSED = {
    "autoquality": [
        *("best", "ssim2:101", "ssim2:0.02", "dssim:1.1", "ml:101", "ssim2:-1", "ssim2:x", "size:nan", "ssim2:70:101"),
        *("ssim2:70:40:101", "ssim2:70:1.5", "ssim2:70:40:90:-1", "ssim2:70:40:90:101", "ssim2:70:40:90:1:1"),
    ],
    "color_profile": ["..%2Fsrgb", ".srgb", "srgb:1", "%FF", "%00"],
    "style": [
        *("a", "a!b", f"{encoded(RED)}:1", encoded(" " * 65537), encoded("a{}\0")),
        *map(encoded, ["@import 'a.css'", "a{fill:URL(http://h)}", 'a{fill:url( "data:x")}', "a{b:\\75rl(x)}"]),
    ],
    "fallback_image_url": ["a", "a!b", encoded(" "), "YQ:1"],
    "hashsum": ["md5", "md5:", "md5:abc", f"sha1:{'g' * 40}", "crc32:12345678", "", f"md5:{'a' * 32}:1"],
    "bypass_cache": ["1:1"],
    "cache_tags": ["a,b", "a b", "a:", "é", "a" * 129, ":".join(map(str, range(65)))],
    "jpeg_options": ["1:1:1:1:1:9", "1:1:1:1:1:-1", "1:1:1:1:1:1:1"],
    "png_options": ["1:1:1", "1:1:257", "1:1:16:1"],
    "webp_options": ["lossy:1:film", "best", "lossy:1:photo:1"],
    "avif_options": ["1", "on:1"],
    "dpi": ["-1", "x", "65536", "72:72", "nan"],
    "unsharp_masking": ["on", "auto:0", "auto:1:0", "auto:1:24:1", "auto:-1"],
    "resizing_algorithm": ["NEAREST", "mitchell", "cubic:1"],
    "crop_aspect_ratio": ["-1", "x", "1:1:1", "nan"],
    "page": ["-1", "x", "1:1", "1.5"],
    "pages": ["0", "-1", "x", "1:1"],
    "disable_animation": ["1:1"],
}

_flag = st.none() | st.booleans()
_positive = st.none() | st.floats(0, 100, exclude_min=True)

METHODS = {
    "autoquality": st.tuples(
        st.sampled_from([each for each in AUTOQUALITY_METHODS if each != "ssim2"]),
        st.none() | st.floats(0, 1),
        *[st.none() | st.integers(0, 100)] * 2,
        st.none() | st.floats(0, 100),
    ),
    "color_profile": st.tuples(st.sampled_from(["srgb", "cmyk"])),
    "style": st.tuples(st.text("abc{}:#;ä", min_size=1, max_size=40)),
    "fallback_image_url": st.tuples(st.none() | st.text("ab:/ä?", min_size=1, max_size=40)),
    "hashsum": st.tuples(st.just("sha1"), st.text("0123456789abcdef", min_size=40, max_size=40)),
    "bypass_cache": st.tuples(st.booleans()),
    "cache_tags": st.lists(st.text("abc-_.123", min_size=1, max_size=9), min_size=1, max_size=9).map(tuple),
    "jpeg_options": st.tuples(*[_flag] * 5, st.none() | st.integers(0, 8)),
    "png_options": st.tuples(_flag, _flag, st.none() | st.integers(2, 256)),
    "webp_options": st.tuples(st.sampled_from([None, "lossy", "near_lossless", "lossless"]), _flag, st.just("icon")),
    "avif_options": st.tuples(st.sampled_from(["auto", "on", "off"])),
    "dpi": st.tuples(st.floats(0, 65535)),
    "unsharp_masking": st.tuples(st.sampled_from([None, "auto", "none", "always"]), _positive, _positive),
    "resizing_algorithm": st.tuples(st.sampled_from([kind.value for kind in ResizingAlgorithm])),
    "crop_aspect_ratio": st.tuples(st.floats(0, 100), st.none() | st.booleans()),
    "page": st.tuples(st.integers(0, 2**31 - 1)),
    "pages": st.tuples(st.integers(1, 2**31 - 1)),
    "disable_animation": st.tuples(st.booleans()),
}
