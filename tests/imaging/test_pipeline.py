"""Complete renders: bytes in, bytes out."""

from dataclasses import replace

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError, UnknownFormatError, UnsupportedFormatError
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.imaging.image_fields import field, with_metadata
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import (
    Crop,
    Extend,
    Gravity,
    GravityType,
    ImageLimits,
    Padding,
    Plan,
    RenderConfig,
    ResizingType,
    Trim,
)
from tests.imaging.codecs.jpeg.test_gain_map import FACTOR, grey, ultra_hdr
from tests.support.pixels import all_near, flat, image_of, mirrored, near, picture_of, places, rotated, rows_of

CONFIG = RenderConfig()
RENDERER = Renderer(CONFIG)
COLORS = [(200, 10, 10), (10, 200, 10), (10, 10, 200), (200, 200, 10)]


def areas(width, height):
    """Four areas of one colour each, in reading order."""
    return [[COLORS[(x >= width // 2) + 2 * (y >= height // 2)] for x in range(width)] for y in range(height)]


def encoded(rows, suffix, space="srgb", kind="uchar", **options):
    return image_of(rows, space, kind).write_to_buffer(suffix, **options)


def animation(suffix, colors=COLORS[:3], side=32, **metadata):
    rows = [row for color in colors for row in flat(side, side, color)]
    image = with_metadata(image_of(rows), {"page-height": side, "n-pages": len(colors)} | metadata)
    return image.write_to_buffer(suffix, **({"lossless": True} if suffix == ".webp" else {}))


def rendered(data, plan, config=None, watermark=None):
    renderer = RENDERER if config is None and watermark is None else Renderer(config or CONFIG, watermark)
    variant = renderer.render(data, plan)
    return variant, pyvips.Image.new_from_buffer(bytes(variant.body), "", **({"n": -1} if variant.pages > 1 else {}))


def corners(image, bands=3):
    """The colours in the middle of the four quarters of an image."""
    width, height = image.width, image.height
    return [
        tuple(round(band) for band in image.getpoint(x, y)[:bands])
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]


@pytest.mark.parametrize(
    ("plan", "passed"),
    [
        (Plan(quality=100), True),
        (Plan(quality=100, width=900), True),
        (Plan(quality=100, width=100), False),
        (Plan(quality=1), False),
        (Plan(quality=100, blur=1), False),
        (Plan(quality=100, format="png"), False),
        (Plan(quality=100, rotate=180), False),
        (Plan(quality=100, chain=(Plan(rotate=180),)), False),
    ],
)
def test_smaller_original_is_the_result_where_nothing_but_its_encoding_differs(plan, passed):
    data = encoded(areas(320, 240), ".jpg", Q=20, keep="none")
    config = replace(CONFIG, return_smaller_original=True)
    variant, _ = rendered(data, plan, config)
    assert (bytes(variant.body) == data) is passed
    assert bytes(rendered(data, plan)[0].body) != data
    tagged = image_of(areas(320, 240)).copy()
    tagged.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "A")
    tagged = tagged.write_to_buffer(".jpg", Q=20)
    assert bytes(rendered(tagged, plan, config)[0].body) != tagged


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tif"])
@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "gif", "tiff"])
def test_pipeline_from_every_format_to_every_format(suffix, format_):
    data = encoded(areas(320, 240), suffix)
    variant, image = rendered(data, Plan(width=100, format=format_))
    assert (variant.format, variant.width, variant.height) == (format_, 100, 75)
    assert (image.width, image.height) == (100, 75)
    assert (variant.source_width, variant.source_height, variant.pages) == (320, 240, 1)
    assert variant.rendered
    assert all(near(a, b, 12) for a, b in zip(corners(image), COLORS, strict=True))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize(
    "plan",
    [
        Plan(width=70),
        Plan(width=70, height=70, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.NORTH_EAST, 3, 0)),
        Plan(crop=Crop(500, 300, Gravity(GravityType.NORTH_WEST, 80, 20)), width=60),
        Plan(crop=Crop(0.5, 0.5, Gravity(GravityType.FOCUS_POINT, 0.5, 0.5)), height=50),
        Plan(width=60, rotate=90, crop=Crop(300, 500, Gravity(GravityType.SOUTH, 0, 0.1))),
    ],
)
def test_pipeline_shrink_on_load_gives_the_same_picture(suffix, plan):
    data = encoded(areas(1000, 700), suffix, **({"Q": 95}))
    plan = replace(plan, format="png")
    _, fast = rendered(data, plan)
    _, slow = rendered(data, plan, RenderConfig(disable_shrink_on_load=True))
    # a side of a crop in the smaller copy is rounded: its size and the edges in it may be off by one pixel
    width, height = min(fast.width, slow.width), min(fast.height, slow.height)
    assert max(fast.width, slow.width) - width <= 1
    assert max(fast.height, slow.height) - height <= 1
    difference = (fast.crop(0, 0, width, height) - slow.crop(0, 0, width, height)).abs()
    assert (difference > 24).bandor().avg() / 255 < 0.06


@pytest.mark.parametrize("exif", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_pipeline_orientation_is_honoured_in_every_format(exif, suffix):
    upright = areas(160, 120)
    undo = {1: (0, 0), 2: (0, 1), 3: (180, 0), 4: (180, 1), 5: (90, 1), 6: (270, 0), 7: (270, 1), 8: (90, 0)}
    angle, flip = undo[exif]
    stored = rotated(mirrored(upright, horizontal=bool(flip)), angle)
    if exif in (5, 7):
        stored = rotated(mirrored(upright, horizontal=True), 360 - {5: 90, 7: 270}[exif])
    image = with_metadata(image_of(stored), {"orientation": exif})
    variant, result = rendered(image.write_to_buffer(suffix, keep="exif"), Plan(width=80, format="png"))
    assert (variant.source_width, variant.source_height) == (160, 120)
    assert (result.width, result.height) == (80, 60)
    assert all(near(a, b, 12) for a, b in zip(corners(result), COLORS, strict=True))


def test_pipeline_alpha_is_kept_or_flattened_by_format():
    data = encoded(flat(40, 40, (200, 10, 10, 0)), ".png")
    assert rows_of(rendered(data, Plan(width=10, format="png"))[1])[5][5][3] == 0
    assert near(rows_of(rendered(data, Plan(width=10, format="jpeg"))[1])[5][5], (255, 255, 255), 2)
    assert near(rows_of(rendered(data, Plan(background=(9, 9, 9), format="png"))[1])[5][5], (9, 9, 9), 0)


def test_pipeline_order_of_the_steps_on_the_canvas():
    """Padding lies around what extend added; a background is laid under both; the watermark lies on all."""
    plan = Plan(
        width=20,
        height=20,
        extend=Extend(True),
        padding=Padding(5, 5, 5, 5),
        background=(0, 0, 255),
        watermark=Watermark(1, "nowe"),
        format="png",
    )
    mark = encoded(flat(2, 2, (1, 2, 3)), ".png")
    _, image = rendered(encoded(flat(20, 10, (200, 10, 10)), ".png"), plan, watermark=mark)
    rows = rows_of(image)
    assert (len(rows[0]), len(rows)) == (30, 30)
    assert rows[0][0] == (1, 2, 3)
    assert rows[7][15] == (0, 0, 255)
    assert rows[15][15] == (200, 10, 10)


def test_pipeline_trimmed_jpeg_is_scaled_after_the_trim():
    rows = flat(400, 400, (255, 255, 255))
    for y in range(100, 200):
        rows[y][100:300] = [(200, 10, 10)] * 200
    variant, image = rendered(encoded(rows, ".jpg", Q=98), Plan(trim=Trim(40), width=50, format="png"))
    assert (variant.width, variant.height) == (50, 25)
    assert near(rows_of(image)[12][25], (200, 10, 10), 6)


@pytest.mark.parametrize("plan", [Plan(width=16), Plan(width=16, height=16, extend=Extend(True)), Plan(blur=1)])
@pytest.mark.parametrize("target", ["gif", "webp"])
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_pipeline_animations_stay_animations(suffix, target, plan):
    data = animation(suffix, delay=[50, 100, 150], loop=4)
    plan = replace(plan, format=target, quality=95, limits=ImageLimits(max_animation_frames=10))
    variant, image = rendered(data, plan)
    side = plan.width or 32
    assert (variant.pages, variant.width, variant.height) == (3, side, side)
    assert (image.get("n-pages"), image.get("page-height"), image.get("delay")) == (3, side, [50, 100, 150])
    assert image.get("loop") == 4
    for frame, color in enumerate(COLORS[:3]):
        assert near(image.getpoint(side // 2, side * frame + side // 2)[:3], color, 30)


def test_pipeline_watermark_is_on_every_frame():
    mark = encoded(flat(4, 4, (0, 0, 0)), ".png")
    plan = Plan(format="gif", watermark=Watermark(1, "soea"), limits=ImageLimits(max_animation_frames=10))
    _, image = rendered(animation(".gif"), plan, watermark=mark)
    for frame in range(3):
        assert near(image.getpoint(30, 32 * frame + 30)[:3], (0, 0, 0), 2)
        assert near(image.getpoint(2, 32 * frame + 2)[:3], COLORS[frame], 30)


@pytest.mark.parametrize(
    ("frames", "format_", "pages"), [(10, "gif", 3), (2, "gif", 2), (1, "gif", 1), (10, "png", 1), (10, "jpeg", 1)]
)
def test_pipeline_how_many_frames_are_rendered(frames, format_, pages):
    plan = Plan(format=format_, limits=ImageLimits(max_animation_frames=frames))
    variant, image = rendered(animation(".gif"), plan)
    assert (variant.pages, variant.width, variant.height) == (pages, 32, 32)
    assert image.height == 32 * pages


@pytest.mark.parametrize("format_", ["gif", "webp"])
@pytest.mark.parametrize("suffix", [".gif", ".webp"])
@pytest.mark.parametrize("width", [16, 32, 96])
def test_pipeline_first_frame_alone_is_no_animation(suffix, format_, width):
    plan = Plan(width=width, enlarge=True, format=format_, strip_metadata=False)
    variant, _ = rendered(animation(suffix, delay=[50, 60, 70]), plan)
    assert (variant.pages, variant.height) == (1, width)
    image = pyvips.Image.new_from_buffer(bytes(variant.body), "", n=-1)
    assert (image.width, image.height, field(image, "n-pages", 1)) == (width, width, 1)


def test_pipeline_animation_prefers_a_format_that_moves():
    limits = ImageLimits(max_animation_frames=10)
    assert rendered(animation(".webp"), Plan(limits=limits))[0].format == "gif"
    assert rendered(animation(".webp"), Plan())[0].format == "jpeg"
    prefer = FormatPreference(prefer_avif=True, prefer_webp=True)
    assert rendered(animation(".gif"), Plan(limits=limits, preference=prefer))[0].format == "webp"
    assert rendered(animation(".gif"), Plan(preference=prefer))[0].format == "avif"


def test_pipeline_format_follows_source_and_transparency():
    opaque, clear = encoded(flat(32, 32, (1, 2, 3)), ".webp"), encoded(flat(32, 32, (1, 2, 3, 90)), ".webp")
    assert rendered(opaque, Plan())[0].format == "jpeg"
    assert rendered(clear, Plan())[0].format == "png"
    assert rendered(clear, Plan(background=(0, 0, 0)))[0].format == "jpeg"
    assert rendered(opaque, Plan(padding=Padding(1)))[0].format == "png"
    assert rendered(opaque, Plan(), RenderConfig(preferred_formats=("webp",)))[0].format == "webp"


@pytest.mark.parametrize(
    ("limits", "fits"),
    [
        (ImageLimits(max_src_resolution=1024), True),
        (ImageLimits(max_src_resolution=1023), False),
        (ImageLimits(max_src_resolution=0), True),
        (ImageLimits(max_src_resolution=3 * 1024, max_animation_frames=3), True),
        (ImageLimits(max_src_resolution=3 * 1024 - 1, max_animation_frames=3), False),
        (ImageLimits(max_src_resolution=2 * 1024, max_animation_frames=2), True),
        (ImageLimits(max_src_resolution=1, max_animation_frames=3, max_animation_frame_resolution=1024), True),
        (ImageLimits(max_animation_frames=3, max_animation_frame_resolution=1023), False),
        (ImageLimits(max_src_resolution=1024, max_animation_frame_resolution=1), True),
    ],
)
def test_pipeline_limits_of_the_original(limits, fits):
    plan = Plan(format="gif", limits=limits)
    if fits:
        rendered(animation(".gif"), plan)
    else:
        with pytest.raises(LimitError):
            rendered(animation(".gif"), plan)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".gif", ".tif"])
def test_i2_limit_of_a_frame_does_not_count_for_a_still_picture(extension):
    still = encoded(flat(32, 32, (1, 2, 3)), extension)
    limits = ImageLimits(max_src_resolution=1024, max_animation_frames=3, max_animation_frame_resolution=1)
    assert rendered(still, Plan(limits=limits))[0].width == 32
    with pytest.raises(LimitError):
        rendered(still, Plan(limits=replace(limits, max_src_resolution=1023, max_animation_frame_resolution=4096)))


def test_i2_animation_that_becomes_a_still_picture_obeys_the_limit_of_pictures():
    limits = ImageLimits(max_src_resolution=1024, max_animation_frames=3, max_animation_frame_resolution=1)
    assert rendered(animation(".gif"), Plan(format="jpeg", limits=limits))[0].width == 32
    with pytest.raises(LimitError):
        rendered(animation(".gif"), Plan(format="gif", limits=limits))


def test_pipeline_limits_hold_for_an_original_only_handed_on():
    data = encoded(flat(32, 32, (1, 2, 3)), ".png")
    plan = Plan(skip_processing=("png",), width=10)
    variant = RENDERER.render(data, plan)
    assert (bytes(variant.body), variant.rendered, variant.width) == (data, False, 32)
    with pytest.raises(LimitError):
        RENDERER.render(data, replace(plan, limits=ImageLimits(max_src_resolution=1023)))


def test_pipeline_too_large_result_is_refused():
    with pytest.raises(LimitError):
        rendered(encoded(flat(8, 8, (1, 2, 3)), ".png"), Plan(width=2**31 - 1, enlarge=True))


def test_pipeline_result_limit_is_for_all_written():
    plan = Plan(limits=ImageLimits(max_result_dimension=50), padding=Padding(10, 10, 10, 10), format="png")
    variant, _ = rendered(encoded(flat(320, 200, (1, 2, 3)), ".jpg"), plan)
    assert (variant.width, variant.height) == (49, 31)  # 340×220 with its padding, and both made smaller by 50/340


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
<rect width="20" height="15" fill="#c80a0a"/><rect x="20" width="20" height="15" fill="#0ac80a"/>
<rect y="15" width="20" height="15" fill="#0a0ac8"/><rect x="20" y="15" width="20" height="15" fill="#c8c80a"/></svg>"""


@pytest.mark.parametrize("width", [20, 40, 400])
def test_pipeline_drawing_is_sharp_at_any_size(width):
    variant, image = rendered(SVG, Plan(width=width, format="png"))
    assert (variant.width, variant.height) == (width, width * 3 // 4)
    assert (variant.source_width, variant.source_height) == (40, 30)
    assert all(near(a, b, 2) for a, b in zip(corners(image), COLORS, strict=True))
    row = [image.getpoint(x, 1)[0] for x in range(width)]
    assert sum(20 < value < 190 for value in row) <= 1


def test_pipeline_drawing_is_exempt_from_the_limit_but_not_drawn_larger():
    variant, _ = rendered(SVG, Plan(format="png", limits=ImageLimits(max_src_resolution=300)))
    assert (variant.width, variant.height) == (20, 15)
    variant, _ = rendered(SVG, Plan(width=80, format="png", limits=ImageLimits(max_src_resolution=300)))
    assert (variant.width, variant.height) == (80, 60)


def test_pipeline_svg_is_returned_unless_another_format_is_requested():
    variant = RENDERER.render(SVG, Plan(width=10))
    assert (variant.format, variant.rendered) == ("svg", False)
    assert b"<rect" in bytes(variant.body)
    assert rendered(SVG, Plan(), RenderConfig(always_rasterize_svg=True))[0].format == "png"


def test_pipeline_script_in_a_drawing_is_not_handed_on():
    evil = SVG.replace(b"</svg>", b"<script>alert(1)</script></svg>")
    assert b"script" not in bytes(RENDERER.render(evil, Plan()).body)
    assert b"script" in bytes(Renderer(RenderConfig(sanitize_svg=False)).render(evil, Plan()).body)


def noisy(width=256, height=256):
    noise = pyvips.Image.gaussnoise(width, height, sigma=60, mean=128, seed=7)
    return noise.cast("uchar").copy(interpretation="b-w").pngsave_buffer()


def test_pipeline_quality_decides_the_size():
    sizes = [len(rendered(noisy(), Plan(format="jpeg", quality=quality))[0].body) for quality in (20, 60, 95)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
    by_format = rendered(noisy(), Plan(format="jpeg", format_quality=(("jpeg", 20),)))[0]
    assert len(by_format.body) == sizes[0]
    configured = rendered(noisy(), Plan(format="jpeg"), RenderConfig(format_quality={"jpeg": 20}))[0]
    assert len(configured.body) == sizes[0]


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
def test_pipeline_max_bytes_lowers_the_quality_until_it_fits(format_):
    whole = len(rendered(noisy(), Plan(format=format_, quality=90))[0].body)
    for share in (0.8, 0.5):
        variant, image = rendered(noisy(), Plan(format=format_, quality=90, max_bytes=int(whole * share)))
        assert len(variant.body) <= whole * share
        assert (image.width, image.height) == (256, 256)


def test_pipeline_max_bytes_out_of_reach_gives_the_smallest_result():
    variant, _ = rendered(noisy(), Plan(format="jpeg", quality=90, max_bytes=10))
    assert 10 < len(variant.body) < len(rendered(noisy(), Plan(format="jpeg", quality=20))[0].body)


def test_pipeline_max_bytes_is_for_formats_with_a_quality():
    assert len(rendered(noisy(), Plan(format="png", max_bytes=10))[0].body) > 10


@pytest.mark.parametrize(("alpha", "written"), [((), "jpeg"), ((100,), "png")])
def test_pipeline_avif_too_small_becomes_another_format(alpha, written):
    data = encoded(flat(64, 8, (9, 9, 9, *alpha)), ".png")
    assert rendered(data, Plan(format="avif"))[0].format == written


@pytest.mark.parametrize(
    ("plan", "kind"),
    [(Plan(format="png"), "uchar"), (Plan(format="png", preserve_hdr=True), "ushort")],
)
def test_pipeline_16_bits_are_kept_on_demand(plan, kind):
    data = encoded(flat(16, 16, (1000, 30000, 65000)), ".png", "rgb16", "ushort")
    image = rendered(data, replace(plan, width=8))[1]
    assert image.format == kind


def test_pipeline_pictures_with_16_bits_and_alpha_are_scaled_right():
    data = encoded(flat(32, 32, (1000, 30000, 65000, 32768)), ".png", "rgb16", "ushort")
    image = rendered(data, Plan(width=8, format="png", preserve_hdr=True))[1]
    assert near(rows_of(image)[4][4], (1000, 30000, 65000, 32768), 6)


def test_pipeline_cmyk_becomes_rgb():
    image = image_of(flat(64, 64, (0, 255, 255, 0)), "cmyk")
    result = rendered(image.jpegsave_buffer(), Plan(width=16, format="png"))[1]
    red, green, blue = rows_of(result)[8][8]
    assert (result.bands, red > 180, green < 90, blue < 90) == (3, True, True, True)


def test_pipeline_metadata_is_stripped_by_option():
    image = with_metadata(image_of(areas(64, 48)), {"orientation": 6})
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Box (Box, ASCII, 4 components, 4 bytes)")
    data = image.jpegsave_buffer()
    stripped = rendered(data, Plan(width=20, format="jpeg"))[1]
    assert not [name for name in stripped.get_fields() if name.startswith("exif-ifd0-Make")]
    kept = rendered(data, Plan(width=20, format="jpeg", strip_metadata=False))[1]
    assert "Box" in kept.get("exif-ifd0-Make")
    assert (kept.width, kept.height) == (20, 27)
    assert not kept.get_typeof("orientation") or kept.get("orientation") == 1


@pytest.mark.parametrize(
    "plan",
    [
        Plan(width=96),
        Plan(width=40),
        Plan(width=80, height=80, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.EAST)),
        Plan(crop=Crop(101, 67, Gravity(GravityType.NORTH_WEST, 51, 33)), rotate=90),
        Plan(flip_horizontal=True),
        Plan(trim=Trim(10), width=96),
    ],
)
def test_pipeline_gain_map_of_an_ultra_hdr_jpeg_is_kept(plan):
    variant, image = rendered(ultra_hdr(), replace(plan, preserve_hdr=True, format="jpeg", quality=95))
    gain_map = image.get_gainmap()
    assert gain_map is not None
    assert gain_map.width == pytest.approx(variant.width / FACTOR, abs=1)
    for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)):
        shown = image.getpoint(int(x * image.width), int(y * image.height))[0]
        boosted = gain_map.getpoint(int(x * gain_map.width), int(y * gain_map.height))[0]
        assert boosted == pytest.approx(shown, abs=10)
    assert image.get("gainmap-max-content-boost")[0] == pytest.approx(4.0, rel=0.01)
    assert grey(0, 0) == 40


@pytest.mark.parametrize("plan", [Plan(format="jpeg"), Plan(format="png", preserve_hdr=True)])
def test_pipeline_without_the_wish_or_the_format_there_is_no_gain_map(plan):
    assert rendered(ultra_hdr(), replace(plan, width=96))[1].get_gainmap() is None


def test_pipeline_plain_jpeg_does_not_get_one():
    data = encoded(areas(64, 64), ".jpg")
    assert rendered(data, Plan(format="jpeg", preserve_hdr=True, width=30))[1].get_gainmap() is None


def test_pipeline_undecodable_original_is_refused():
    for data in (b"", b"x", b"<html></html>", bytes(1000)):
        with pytest.raises(UnknownFormatError):
            RENDERER.render(data, Plan())


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif"])
def test_pipeline_early_truncated_original_is_refused(suffix):
    data = image_of(places(200, 200)).write_to_buffer(suffix)
    with pytest.raises((BrokenImageError, UnknownFormatError)):
        RENDERER.render(data[:60], Plan(width=10))


def test_pipeline_unwritable_format_is_refused_before_decoding():
    with pytest.raises(UnsupportedFormatError):
        RENDERER.render(b"not even an image", Plan(format="heic"))


def test_pipeline_raster_picture_does_not_become_a_drawing():
    with pytest.raises(UnsupportedFormatError):
        RENDERER.render(encoded(flat(8, 8, (1, 2, 3)), ".png"), Plan(format="svg"))


def test_pipeline_equal_plans_give_equal_bytes():
    data, plan = encoded(areas(640, 480), ".jpg"), Plan(width=111, format="webp", blur=1)
    first = bytes(RENDERER.render(data, plan).body)
    RENDERER.render(animation(".gif"), Plan(format="gif", limits=ImageLimits(max_animation_frames=9)))
    assert bytes(RENDERER.render(data, plan).body) == first


def test_pipeline_original_may_be_any_buffer():
    data = encoded(areas(320, 240), ".jpg")
    expected = bytes(RENDERER.render(data, Plan(width=50)).body)
    for buffer in (bytearray(data), memoryview(data)):
        assert bytes(RENDERER.render(buffer, Plan(width=50)).body) == expected


def test_pipeline_all_near_and_picture_of_see_differences():
    """The helpers of these tests are not blind."""
    assert not all_near(flat(2, 2, (1, 2, 3)), flat(2, 2, (1, 2, 9)))
    assert not all_near(flat(2, 2, (1, 2, 3)), flat(2, 3, (1, 2, 3)))
    assert picture_of(image_of(flat(2, 2, (1, 2, 3)))).geometry.source_width == 2
