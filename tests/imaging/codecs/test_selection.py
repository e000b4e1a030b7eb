from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.plan import Extend, Padding, Plan, RenderConfig

ALL = ("jpeg", "png", "webp", "gif", "avif", "jxl", "tiff", "ico", "bmp")
CONFIG = RenderConfig()
NO_WISH = Plan()


def chosen(source, plan=NO_WISH, config=CONFIG, writable=ALL, animated=False, transparent=False):
    return selection.output_format(source, plan, config, writable, animated=animated, transparent=transparent)


def wishing(format_="", **wishes):
    return Plan(format=format_, preference=FormatPreference(**wishes))


@pytest.mark.parametrize(
    ("source", "animated", "transparent", "name"),
    [
        ("jpeg", False, False, "jpeg"),
        ("png", False, False, "png"),
        ("gif", False, False, "gif"),
        ("webp", False, False, "jpeg"),
        ("avif", False, True, "png"),
        ("tiff", False, False, "jpeg"),
        ("webp", True, False, "gif"),
        ("webp", True, True, "gif"),
        ("jpeg", False, True, "jpeg"),  # a preferred source format is kept even where padding makes it transparent
    ],
)
def test_selection_without_a_wish_the_preferred_formats_decide(source, animated, transparent, name):
    assert chosen(source, animated=animated, transparent=transparent) == name


def test_selection_first_preferred_format_is_the_last_resort():
    config = RenderConfig(preferred_formats=("jpeg",))
    assert chosen("webp", config=config, animated=True, transparent=True) == "jpeg"


def test_selection_preferences_go_by_compression():
    wish = wishing(prefer_webp=True, prefer_avif=True, prefer_jxl=True)
    assert chosen("png", wish) == "jxl"
    assert chosen("png", wish, writable=("png", "webp", "avif")) == "avif"
    assert chosen("png", wish, animated=True) == "webp"
    assert chosen("png", wishing(prefer_webp=True)) == "webp"


def test_selection_preferring_does_not_override_a_format_but_enforcing_does():
    wishes = {"prefer_webp": True, "prefer_avif": True, "prefer_jxl": True}
    assert chosen("jpeg", wishing("png", **wishes)) == "png"
    assert chosen("jpeg", wishing("png", enforce_webp=True)) == "webp"
    assert chosen("jpeg", wishing("png", enforce_webp=True, enforce_avif=True)) == "avif"
    assert chosen("jpeg", wishing("png", enforce_avif=True, enforce_jxl=True)) == "jxl"
    assert chosen("gif", wishing("gif", enforce_avif=True), animated=True) == "gif"
    wish = wishing("pdf", enforce_webp=True, enforce_avif=True, enforce_jxl=True)
    assert chosen("jpeg", wish, writable=("jpeg", "webp", "avif", "jxl", "pdf")) == "pdf"


def test_selection_preference_for_an_unwritable_format_is_ignored():
    assert chosen("jpeg", wishing(prefer_jxl=True), writable=("jpeg",)) == "jpeg"
    assert chosen("jpeg", wishing("jpeg", enforce_jxl=True), writable=("jpeg",)) == "jpeg"


@pytest.mark.parametrize("name", ["svg", "heic"])
def test_selection_unwritable_format_is_refused(name):
    with pytest.raises(UnsupportedFormatError):
        chosen("png", Plan(format=name))


def test_selection_no_preferred_format_that_can_be_written():
    with pytest.raises(UnsupportedFormatError):
        chosen("webp", writable=("tiff",))


@given(
    st.sampled_from(ALL),
    st.sampled_from(["", *ALL]),
    st.builds(FormatPreference, *[st.booleans()] * 6),
    st.booleans(),
    st.booleans(),
    st.permutations(ALL).map(lambda names: tuple(names[:4])),
)
def test_selection_choice_can_always_be_written(source, format_, wish, animated, transparent, writable):
    plan = Plan(format=format_, preference=wish)
    try:
        assert chosen(source, plan, writable=writable, animated=animated, transparent=transparent) in writable
    except UnsupportedFormatError:
        assert format_ not in writable or not format_


@pytest.mark.parametrize(
    ("plan", "alpha", "expected"),
    [
        (Plan(), False, False),
        (Plan(), True, True),
        (Plan(padding=Padding(top=1)), False, True),
        (Plan(extend=Extend(True)), False, True),
        (Plan(extend_aspect_ratio=Extend(True)), False, False),
        (Plan(background=(0, 0, 0)), True, False),
        (Plan(background=(0, 0, 0), padding=Padding(1)), False, False),
    ],
)
def test_selection_when_transparency_is_expected(plan, alpha, expected):
    assert selection.expects_transparency(plan, alpha=alpha) is expected


@pytest.mark.parametrize(
    ("source", "format_", "listed", "always", "skipped"),
    [
        ("svg", "svg", (), False, True),
        ("svg", "svg", (), True, True),
        ("svg", "", (), False, True),
        ("svg", "", (), True, False),
        ("svg", "", ("svg",), True, True),
        ("svg", "png", ("svg",), False, False),
        ("jpeg", "", (), False, False),
        ("jpeg", "", ("jpeg",), False, True),
        ("jpeg", "jpeg", ("gif", "jpeg"), False, True),
        ("jpeg", "webp", ("jpeg",), False, False),
        ("png", "", ("jpeg",), False, False),
    ],
)
def test_selection_skipped_formats_are_returned_unchanged(source, format_, listed, always, skipped):
    plan = Plan(format=format_, skip_processing=listed)
    assert selection.skips_processing(source, plan, RenderConfig(always_rasterize_svg=always)) is skipped


def test_selection_quality_precedence():
    config = RenderConfig(quality=70, format_quality={"webp": 60})
    plan = Plan(quality=10, format_quality=(("webp", 20),))
    assert selection.quality("webp", plan, config) == 10
    plan = replace(plan, quality=0)
    assert selection.quality("webp", plan, config) == 20
    assert selection.quality("webp", Plan(), config) == 60
    assert selection.quality("jpeg", plan, config) == 70
    assert selection.quality("webp", Plan(format_quality=(("webp", 0),)), config) == 60


@pytest.mark.parametrize(
    ("current", "size", "following"),
    [(80, 100, 0), (80, 101, 60), (80, 151, 40), (80, 301, 20), (10, 999, 0), (5, 999, 0), (11, 101, 8), (50, 150, 38)],
)
def test_selection_search_for_a_size_in_bytes(current, size, following):
    assert selection.next_quality(current, size, 100) == following


@given(st.integers(1, 100), st.integers(1, 10**7), st.integers(1, 10**6))
def test_selection_search_ends(quality, size, wanted):
    steps = 0
    while quality := selection.next_quality(quality, size, wanted):
        steps += 1
        assert steps <= 20


@pytest.mark.parametrize(
    ("name", "width", "height", "alpha", "written"),
    [
        ("avif", 16, 16, True, "avif"),
        ("avif", 15, 900, False, "jpeg"),
        ("avif", 900, 15, True, "png"),
        ("webp", 1, 1, True, "webp"),
    ],
)
def test_selection_picture_too_small_for_avif(name, width, height, alpha, written):
    assert selection.format_for_size(name, width, height, alpha=alpha) == written
