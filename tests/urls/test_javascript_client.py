"""Options as imgproxy's JavaScript client writes them (imgproxy-js-core, ``src/options``), beside their long forms."""

import pytest

from tests.support.url_strategies import NOW, unsigned

PARSER = unsigned(
    allow_security_options=True,
    permissions=frozenset({"ALLOW_BYPASS_CACHE"}),
    presets=("small=w:10",),
)

# What the client writes, with true and false as JavaScript spells them, and the same in full.
WRITTEN = {
    "a:10:1.5:0.5": "brightness:10/contrast:1.5/saturation:0.5",
    "a::1.5:": "contrast:1.5",
    "aq:dssim:0.02:70:80:0.001": "autoquality:dssim:0.02:70:80:0.001",
    "aq:size:10240:10:90": "autoquality:size:10240:10:90",
    "aq:ml::60": "autoquality:ml::60",
    "ar:f": "auto_rotate:0",
    "avifo:on": "avif_options:on",
    "ba:10:0.1:0.1:0.5:0.5": "blur_areas:10:0.1:0.1:0.5:0.5",
    "background_alpha:0.5": "bga:0.5",
    "bc:t": "bypass_cache:1",
    "bg:10:20:30": "background:0a141e",
    "bg:fff": "background:ffffff",
    "bl:2": "blur:2",
    "br:20": "brightness:20",
    "c:100:200": "crop:100:200",
    "c:100:200:fp:0.5:0.3": "crop:100:200:fp:0.5:0.3",
    "c:0.5:0:no:10:": "crop:0.5:0:no:10",
    "cb:abc": "cachebuster:abc",
    "co:1.2": "contrast:1.2",
    "col:0.5:f00:1": "colorize:0.5:ff0000:1",
    "cp:cmyk": "color_profile:cmyk",
    "crop_ar:1.5:t": "crop_aspect_ratio:1.5:1",
    "ct:a:b": "cache_tags:a:b",
    "da:t": "disable_animation:1",
    "dpi:300": "dpi:300.0",
    "dpr:2": "dpr:2.0",
    "dt:0.5:112233:ffeedd": "duotone:0.5:112233:ffeedd",
    "el:t": "enlarge:1",
    "eth:t": "enforce_thumbnail:1",
    "ex:t:no:10:20": "extend:1:no:10:20",
    "exar:t": "extend_aspect_ratio:1",
    "exp:1900000000": "expires:1900000000",
    "fiu:aHR0cDovL2gvYS5wbmc": "fallback_image_url:aHR0cDovL2gvYS5wbmc",
    "stl:YXt9": "style:YXt9",
    "f:png": "format:png",
    "fl:t:f": "flip:1:0",
    "fn:aG9saWRheQ:t": "filename:holiday",
    "fq:jpeg:80:webp:70": "format_quality:jpeg:80:webp:70",
    "g:ce:0:10": "gravity:ce:0:10",
    "g:sm": "gravity:sm",
    "gr:0.5:000:down:0.2:0.8": "gradient:0.5:000000:down:0.2:0.8",
    "gr:0.5::45": "gradient:0.5:000:45",
    "h:100": "height:100",
    "jpgo:true:true::true::3": "jpeg_options:1:1::1::3",
    "jpgo::false": "jpeg_options::0",
    "kcr:f": "keep_copyright:0",
    "maf:10": "max_animation_frames:10",
    "mafr:2": "max_animation_frame_resolution:2",
    "mb:1000": "max_bytes:1000",
    "mc:0.5:f00": "monochrome:0.5:ff0000",
    "mh:10": "min-height:10",
    "mrd:1000": "max_result_dimension:1000",
    "msfs:1000": "max_src_file_size:1000",
    "msr:20": "max_src_resolution:20",
    "mw:10": "min-width:10",
    "pbl:10:up:0:0.5": "progressive_blur:10:up:0:0.5",
    "pd:10::20": "padding:10::20",
    "pg:2": "page:2",
    "pgs:3": "pages:3",
    "pix:5": "pixelate:5",
    "pngo:true:false:16": "png_options:1:0:16",
    "pr:small": "preset:small",
    "q:80": "quality:80",
    "ra:cubic": "resizing_algorithm:cubic",
    "raw:t": "raw:1",
    "rot:90": "rotate:90",
    "rs:fill:300:200:t:t:no:1:2": "resize:fill:300:200:1:1:no:1:2",
    "rs:::100": "resize:::100",
    "rt:fill": "resizing_type:fill",
    "s:300:200:f": "size:300:200:0",
    "sa:0.5": "saturation:0.5",
    "scp:f": "strip_color_profile:0",
    "sh:0.7": "sharpen:0.7",
    "sm:f": "strip_metadata:0",
    "sp:png:gif": "skip_processing:gif:png",
    "t:10:ffffff:t:f": "trim:10:ffffff:1:0",
    "ush:auto:1:24": "unsharp_masking:auto:1:24",
    "ush::0.5": "unsharp_masking::0.5",
    "vta:1:100:10:200:100:t:f:t:0.5:0.5": "video_thumbnail_animation:1:100:10:200:100:1:0:1:0.5:0.5",
    "vtk:t": "video_thumbnail_keyframes:1",
    "vts:10": "video_thumbnail_second:10",
    "vtt:1:3:2:100:50:t:f:t:0.5:0.5": "video_thumbnail_tile:1:3:2:100:50:1:0:1:0.5:0.5",
    "w:100": "width:100",
    "webpo:lossless:true:photo": "webp_options:lossless:1:photo",
    "webpo:near_lossless": "webp_options:near_lossless",
    "wm:0.5:soea:10:10:0.2": "watermark:0.5:soea:10:10:0.2",
    "wmr:45": "watermark_rotate:45",
    "wms:100:50": "watermark_size:100:50",
    "wmsh:3": "watermark_shadow:3",
    "wmt:SGVsbG8": "watermark_text:SGVsbG8",
    "z:1.5": "zoom:1.5:1.5",
    "z:1.5:2": "zoom:1.5:2",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_option_of_the_client_is_the_one_in_full(written):
    plans = [
        PARSER.parse(f"/_/{options}/plain/local:///a.jpg", now=NOW) for options in (written, WRITTEN[written], "w:0")
    ]
    assert plans[0] == plans[1] != plans[2]


def test_chain_of_the_client():
    assert PARSER.parse("/_/rs:fit:500:500/-/t:10/plain/local:///a.jpg").chain[0].trim is not None
