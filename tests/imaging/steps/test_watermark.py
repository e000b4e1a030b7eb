"""The watermark: position, opacity, scale, repetition."""

import numpy as np
import pytest
import pyvips

from mememime_proxy.formats.effects_plan import NO_MARK, Mark, Watermark
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.color.working_space import ICC_FIELD
from mememime_proxy.imaging.steps.colors import to_processing, to_srgb
from mememime_proxy.imaging.steps.watermark import add_watermark
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.colorimetry import SPACES, icc_profile
from tests.support.pixels import all_near, flat, image_of, near, picture_of, rows_of

BLUE, RED = (0, 0, 200), (200, 0, 0)


def mark_of(width=4, height=2, color=(*RED, 255)):
    space = "srgb" if len(color) > 2 else "b-w"
    return open_original(image_of(flat(width, height, color), space).pngsave_buffer(), ImageLimits(), RenderConfig())


def stamped(wanted, mark=None, rows=None, space="srgb", config=None, dpr=1.0, details=NO_MARK):
    plan = Plan(watermark=wanted, dpr=dpr, enlarge=True, mark=details)
    picture = picture_of(image_of(rows or flat(20, 10, BLUE), space), plan, config=config)
    return add_watermark(picture_with(picture, mark or mark_of())).image


def picture_with(picture, mark):
    return picture.with_changes(marks={"": mark})


def marked(left, top, width=4, height=2, rows=None, color=RED):
    rows = [list(row) for row in rows or flat(20, 10, BLUE)]
    for y in range(max(0, top), min(len(rows), top + height)):
        for x in range(max(0, left), min(len(rows[0]), left + width)):
            rows[y][x] = color
    return rows


@pytest.mark.parametrize(
    ("wanted", "left", "top"),
    [
        (Watermark(1, "nowe"), 0, 0), (Watermark(1, "no"), 8, 0), (Watermark(1, "noea"), 16, 0),
        (Watermark(1, "we"), 0, 4), (Watermark(1), 8, 4), (Watermark(1, "ea"), 16, 4),
        (Watermark(1, "sowe"), 0, 8), (Watermark(1, "so"), 8, 8), (Watermark(1, "soea"), 16, 8),
        (Watermark(1, "nowe", 3, 2), 3, 2),
        (Watermark(1, "soea", 3, 2), 13, 6),
        (Watermark(1, "ce", 0.25, -0.2), 13, 2),
        (Watermark(1, "nowe", -2, -1), -2, -1),
        (Watermark(1, "soea", -3, -1), 19, 9),
        (Watermark(1, "nowe", 100, 100), 19, 9),
    ],
)  # fmt: skip
def test_watermark_position_follows_gravity_and_offsets(wanted, left, top):
    assert rows_of(stamped(wanted)) == marked(left, top)


def test_watermark_absolute_offsets_follow_the_dpr():
    assert rows_of(stamped(Watermark(1, "nowe", 3, 2), dpr=2)) == marked(6, 4)


@pytest.mark.parametrize(("opacity", "operator", "share"), [(0.5, 1.0, 0.5), (1.0, 0.25, 0.25), (0.5, 0.5, 0.25)])
def test_watermark_opacity_is_the_plans_times_the_operators(opacity, operator, share):
    result = rows_of(stamped(Watermark(opacity, "nowe"), config=RenderConfig(watermark_opacity=operator)))
    mixed = tuple(round(a * share + b * (1 - share)) for a, b in zip(RED, BLUE, strict=True))
    assert all_near(result, marked(0, 0, color=mixed), 2)


def test_watermark_opacity_0_is_no_operation():
    picture = picture_with(picture_of(image_of(flat(4, 4, BLUE)), Plan(watermark=Watermark(0))), mark_of())
    assert add_watermark(picture) is picture


def test_watermark_without_a_configured_watermark_nothing_happens():
    picture = picture_of(image_of(flat(4, 4, BLUE)), Plan(watermark=Watermark(1)))
    assert add_watermark(picture) is picture


@pytest.mark.parametrize(("scale", "size"), [(0.5, (10, 5)), (0.2, (4, 2)), (1.0, (20, 10))])
def test_watermark_scale_fits_it_into_a_share_of_the_picture(scale, size):
    assert rows_of(stamped(Watermark(1, "nowe", scale=scale))) == marked(0, 0, *size)


def test_watermark_mark_larger_than_the_picture_is_cut():
    assert rows_of(stamped(Watermark(1), mark_of(40, 40))) == flat(20, 10, RED)


def corner(x, y):
    """A mark whose top left pixel is green: copies of it can be counted."""
    return (0, 200, 0) if (x, y) == (0, 0) else RED


def test_watermark_repeating_covers_the_picture_with_one_copy_in_the_centre():
    mark = image_of([[(*corner(x, y), 255) for x in range(4)] for y in range(2)]).pngsave_buffer()
    original = open_original(mark, ImageLimits(), RenderConfig())
    result = rows_of(stamped(Watermark(1, "re"), original))
    # 5 × 5 copies of 4 × 2 cover 20 × 10 exactly, an odd number each way
    assert result == [[corner(x % 4, y % 2) for x in range(20)] for y in range(10)]
    result = rows_of(stamped(Watermark(1, "re"), original, flat(16, 8, BLUE)))
    # 4 are made 5 and cut evenly on both sides: half a copy to the left, one row above
    assert result == [[corner((x + 2) % 4, (y + 1) % 2) for x in range(16)] for y in range(8)]


def test_watermark_repeating_leaves_a_gap_of_the_offsets():
    result = rows_of(stamped(Watermark(1, "re", 3, 2), rows=flat(21, 12, BLUE)))
    # tiles of 7 × 4: one pixel of gap left and above, two and one to the right and below
    inside = [[1 <= x % 7 < 5 and 1 <= y % 4 < 3 for x in range(21)] for y in range(12)]
    assert result == [[RED if here else BLUE for here in row] for row in inside]


@pytest.mark.parametrize("position", ["re", "ch"])
@pytest.mark.parametrize("gap", [40, 41, 1000, 1001, 2.0**31, 2.0**40 + 1])
def test_watermark_gap_beyond_the_picture_leaves_one_copy_where_it_is(position, gap):
    one = marked(8, 4) if position == "re" else flat(20, 10, BLUE)
    result = rows_of(stamped(Watermark(1, position, gap, gap)))
    assert result == one if gap % 2 == 0 else result in (one, marked(7, 3))


@pytest.mark.parametrize("position", ["re", "ch"])
@pytest.mark.parametrize("gap", [-5, -6, -700, -(2.0**31)])
def test_watermark_gap_that_leaves_nothing_of_a_copy_is_no_error(position, gap):
    result = stamped(Watermark(1, position, gap, gap))
    assert (result.width, result.height) == (20, 10)


def test_watermark_transparency_of_the_picture_is_kept():
    result = stamped(Watermark(1, "nowe"), rows=flat(20, 10, (*BLUE, 0)))
    assert result.bands == 4
    assert rows_of(result)[0][0] == (*RED, 255)
    assert rows_of(result)[9][19][3] == 0


def test_watermark_opaque_picture_stays_opaque():
    assert stamped(Watermark(0.5)).bands == 3


def test_watermark_in_colour_converts_a_grey_picture_and_a_grey_one_does_not():
    coloured = stamped(Watermark(1, "nowe"), rows=flat(20, 10, (100,)), space="b-w")
    assert coloured.interpretation == "srgb"
    assert near(rows_of(coloured)[0][0], RED)
    assert near(rows_of(coloured)[9][9], (100, 100, 100))
    grey = stamped(Watermark(1, "nowe"), mark_of(color=(30,)), flat(20, 10, (100,)), "b-w")
    assert grey.interpretation == "b-w"
    assert rows_of(grey)[0][0] == (30,)


@pytest.mark.parametrize(("opacity", "pixel"), [(1, (65535, 0, 0)), (0.5, (32768, 0, 20000))])
def test_watermark_16_bits_stay_16_bits(opacity, pixel):
    plan = Plan(watermark=Watermark(opacity, "nowe"), preserve_hdr=True)
    image = image_of(flat(20, 10, (0, 0, 40000)), "rgb16", "ushort")
    result = add_watermark(picture_with(picture_of(image, plan), mark_of(color=(255, 0, 0, 255)))).image
    assert (result.format, result.interpretation) == ("ushort", "rgb16")
    rows = rows_of(result)
    assert near(rows[0][0], pixel, 300)
    assert near(rows[9][19], (0, 0, 40000), 300)


def test_watermark_coloured_mark_on_16_bit_grey_gives_16_bit_colour():
    plan = Plan(watermark=Watermark(0.5, "nowe"), preserve_hdr=True)
    image = image_of(flat(20, 10, (40000,)), "grey16", "ushort")
    result = add_watermark(picture_with(picture_of(image, plan), mark_of(color=(255, 0, 0, 255)))).image
    assert (result.format, result.interpretation) == ("ushort", "rgb16")
    assert near(rows_of(result)[0][0], (52768, 20000, 20000), 400)
    assert near(rows_of(result)[9][19], (40000, 40000, 40000), 300)


@pytest.mark.parametrize(
    ("wanted", "left", "top"),
    [(Watermark(1, "soea"), 16, 8), (Watermark(1, "nowe", 0, -1), 0, -1), (Watermark(1, "sowe", 0, -1), 0, 9)],
)
def test_watermark_is_complete_within_every_frame(wanted, left, top):
    plan = Plan(watermark=wanted)
    stacked = image_of(flat(20, 30, BLUE))
    picture = picture_with(picture_of(stacked, plan), mark_of())
    assert rows_of(add_watermark(picture.with_changes(frames=3)).image) == marked(left, top) * 3


def test_watermark_frames_are_covered_each_by_itself():
    mark = pyvips.Image.new_from_memory(bytes(range(3 * 4 * 3)), 4, 3, 3, "uchar").copy(interpretation="srgb")
    original = open_original(mark.pngsave_buffer(), ImageLimits(), RenderConfig())
    plan = Plan(watermark=Watermark(1, "re"))
    single = add_watermark(picture_with(picture_of(image_of(flat(20, 10, BLUE)), plan), original)).image
    both = add_watermark(
        picture_with(picture_of(image_of(flat(20, 20, BLUE)), plan), original).with_changes(frames=2)
    ).image
    assert rows_of(both) == rows_of(single) * 2


# P2: a watermark is seen in its own colours, whatever the picture's are

GREEN = (32, 192, 64)
P3_GREEN = tuple(round(float(v) * 255) for v in SPACES["Display P3"].from_srgb(np.array(GREEN) / 255))


def mark_with(name, color):
    image = image_of(flat(4, 2, (*color, 255)))
    image.set_type(pyvips.GValue.blob_type, ICC_FIELD, icc_profile(name))
    return open_original(image.pngsave_buffer(), ImageLimits(), RenderConfig())


def laid_on(mark, icc=None, *, keep=True, space="srgb", color=BLUE, deep=False):
    image = image_of(flat(20, 10, color), space)
    if deep:
        image = (image * 257).cast("ushort").copy(interpretation="rgb16")
    if icc:
        image.set_type(pyvips.GValue.blob_type, ICC_FIELD, icc)
    plan = Plan(watermark=Watermark(1.0, "ce"), strip_color_profile=not keep, preserve_hdr=deep)
    picture = to_srgb(to_processing(picture_of(image, plan)))
    return add_watermark(picture_with(picture, mark))


def test_watermark_p2_own_profile_is_obeyed():
    picture = laid_on(mark_with("Display P3", P3_GREEN))
    assert near(picture.image.getpoint(10, 5), GREEN, 2)


@pytest.mark.parametrize("own", [True, False])
def test_watermark_p2_on_a_picture_whose_profile_is_kept(own):
    mark = mark_with("Display P3", P3_GREEN) if own else mark_of(color=(*GREEN, 255))
    picture = laid_on(mark, icc_profile("ProPhoto"))
    expected = SPACES["ProPhoto"].from_srgb(np.array(GREEN) / 255) * 255
    assert near(picture.image.getpoint(10, 5), expected, 2)
    assert picture.image.getpoint(1, 1) == list(BLUE)


def test_watermark_p2_on_a_picture_whose_profile_goes():
    picture = laid_on(mark_of(color=(*GREEN, 255)), icc_profile("ProPhoto"), keep=False)
    assert near(picture.image.getpoint(10, 5), GREEN)


def test_watermark_p2_on_sixteen_bits_with_a_profile():
    picture = laid_on(mark_of(color=(*GREEN, 255)), icc_profile("Display P3"), deep=True)
    expected = SPACES["Display P3"].from_srgb(np.array(GREEN) / 255) * 65535
    assert picture.image.format == "ushort"
    assert near(picture.image.getpoint(10, 5), expected, 400)


@pytest.mark.parametrize(("color", "grey"), [((*GREEN, 255), False), ((128, 255), True)])
def test_watermark_p2_on_grey_with_a_profile(color, grey):
    icc = icc_profile("linear", grey=True)
    picture = laid_on(mark_of(color=color), icc, space="b-w", color=(55,))
    if grey:
        assert near(picture.image.getpoint(10, 5), (55,))
        assert picture.icc == icc
    else:
        assert near(picture.image.getpoint(10, 5), GREEN)
        assert near(picture.image.getpoint(1, 1), (128, 128, 128))
        assert picture.icc is None


def test_watermark_size_is_a_box_that_a_scale_replaces():
    for details in (Mark(width=8), Mark(height=4), Mark(width=8, height=9)):
        assert rows_of(stamped(Watermark(1, "nowe"), details=details)) == marked(0, 0, 8, 4)
    assert rows_of(stamped(Watermark(1, "nowe", scale=0.2), details=Mark(width=8))) == marked(0, 0, 4, 2)
    assert rows_of(stamped(Watermark(1, "nowe"), details=Mark(width=4), dpr=2)) == marked(0, 0, 8, 4)


def test_watermark_is_rotated_and_placed_by_its_new_sides():
    assert rows_of(stamped(Watermark(1, "soea"), details=Mark(angle=90))) == marked(18, 6, 2, 4)


def test_watermark_shadow_moves_nothing():
    rows = flat(40, 30, BLUE)
    plain = rows_of(stamped(Watermark(1, "soea", 10, 10), rows=rows))
    shadow = rows_of(stamped(Watermark(1, "soea", 10, 10), rows=rows, details=Mark(shadow=2)))
    assert [row[26:30] for row in shadow[18:20]] == [row[26:30] for row in plain[18:20]] == flat(4, 2, RED)
    assert shadow[19][31][2] < 200
    assert shadow[0][0] == BLUE


def test_watermark_on_a_chessboard_leaves_every_other_place():
    rows = rows_of(stamped(Watermark(1, "ch"), mark_of(5, 5), flat(20, 20, BLUE)))
    assert sum(pixel == RED for row in rows for pixel in row) == 200


@pytest.mark.parametrize(
    ("blend", "expected"), [("multiply", (0, 0, 0)), ("screen", (200, 0, 200)), ("add", (200, 0, 200))]
)
def test_watermark_blend_is_of_the_colours_under_the_mark(blend, expected):
    rows = rows_of(stamped(Watermark(1, "nowe"), details=Mark(blend=blend)))
    assert all_near(rows, marked(0, 0, color=expected), 1)


@pytest.mark.parametrize("space", ["srgb", "b-w"])
def test_watermark_text_needs_no_picture(space):
    rows = flat(60, 30, (200, 200, 200) if space == "srgb" else (200,))
    plan = Plan(watermark=Watermark(1.0), mark=Mark(text="<span foreground='#f00'>Hi</span>"))
    image = add_watermark(picture_of(image_of(rows, space), plan)).image
    assert image.bands == 3
    assert any(near(pixel, (255, 0, 0), 9) for row in rows_of(image) for pixel in row)
