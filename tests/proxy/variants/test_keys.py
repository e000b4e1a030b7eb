from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats.effects_plan import Effects, Mark, Shape, Watermark
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.output_plan import Autoquality, PageRange, ResizingAlgorithm, Saving, UnsharpMask
from mememime_proxy.plan import DELIVERY_FIELDS, ImageLimits, Plan, RenderConfig
from mememime_proxy.proxy.variants.keys import (
    VariantKeys,
    configuration_of,
    content_etag,
    embedded_validator,
    key_with_headers,
    make_etag,
)

KEYS = VariantKeys(("1", {"quality": 80}))
OTHER = {
    "raw": True,
    "cachebuster": "x",
    "expires": 9,
    "filename": "f",
    "return_attachment": True,
    "watermark": Watermark(0.5),
    "shape": Shape(corners=(3,)),
    "mark": Mark(angle=3),
    "effects": Effects(negate=True),
    "as_stack": True,
    "autoquality": Autoquality("ssim2"),
    "limits": ImageLimits(max_src_resolution=1),
    "source": "local:///b",
    "format": "webp",
    "width": 3,
    "dpr": 2.0,
}


@pytest.mark.parametrize("name", OTHER)
def test_key_of_a_plan_depends_on_pixels_and_not_on_delivery(name):
    assert name in {field.name for field in fields(Plan)}
    same = KEYS.key(replace(Plan(), **{name: OTHER[name]})) == KEYS.key(Plan())
    assert same == (name in DELIVERY_FIELDS)


def test_key_of_a_picture_does_not_depend_on_what_is_about_films_and_sound():
    others = VariantKeys(("1", {"quality": 80}), (30, ()))
    assert others.key(Plan()) == KEYS.key(Plan())
    assert others.key(Plan(format="mp4")) != KEYS.key(Plan(format="mp4"))


def test_key_of_a_picture_is_the_one_of_earlier_versions():
    assert KEYS.key(Plan(source="local:///a.jpg", width=300, format="webp")).hex() == "183f5062c89b72f72c7e96de8ad2e13a"


def test_settings_that_came_later_count_where_they_are_set():
    default = configuration_of(RenderConfig())
    assert not {name for name in default if name.startswith("best_format")}
    assert default["quality"] == 80
    assert configuration_of(RenderConfig(best_format_max_resolution=5))["best_format_max_resolution"] == 5


def test_encoder_of_jpeg_counts_where_it_is_not_the_default_and_where_the_smallest_file_is_looked_for(monkeypatch):
    assert "jpeg_encoder" not in configuration_of(RenderConfig())
    assert configuration_of(RenderConfig(jpeg_encoder="jpegli"))["jpeg_encoder"] == "jpegli"
    plans = (Plan(), Plan(format="jpeg"), Plan(best=True), Plan(autoquality=Autoquality("ssim2")))
    found = []
    for installed in (True, False):
        monkeypatch.setattr("mememime_proxy.proxy.variants.keys.has_jpegli", lambda installed=installed: installed)
        found.append([KEYS.key(plan) for plan in plans])
    assert [one == other for one, other in zip(*found, strict=True)] == [True, True, False, False]


def test_operators_search_for_a_quality_counts_where_it_is_set():
    assert not {name for name in configuration_of(RenderConfig()) if "autoquality" in name}
    searching = configuration_of(RenderConfig(autoquality_method="ssim2", autoquality_format_min={"avif": 30}))
    assert searching["autoquality_format_min"] == {"avif": 30}
    assert searching["has_jpegli"]


def test_key_of_a_clip_depends_on_its_options():
    plan = Plan(format="mp4")
    keys = {
        KEYS.key(replace(plan, media=MediaPlan(**{name: value})))
        for name, value in {"audio_codec": "none", "clip_start": 1.0, "loudness": (-16.0, -1.0), "track": "en"}.items()
    }
    assert len(keys | {KEYS.key(plan)}) == 5


def test_key_of_a_plan_depends_on_the_configuration():
    assert VariantKeys(("1", {"quality": 81})).key(Plan()) != KEYS.key(Plan())


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=180))
def test_embedded_validator_of_own_etag_is_the_sources(validator):
    key = KEYS.key(Plan())
    etag = make_etag(key, validator)
    assert embedded_validator(key, etag) == validator
    assert embedded_validator(KEYS.key(Plan(width=1)), etag) == ""
    assert etag.removeprefix("W/").count('"') == 2


@given(st.text(max_size=300))
def test_embedded_validator_of_foreign_text_is_empty(text):
    assert embedded_validator(KEYS.key(Plan()), text) == ""


def test_make_etag_with_weak_validator_is_weak_and_with_long_one_embeds_none():
    key = KEYS.key(Plan())
    assert make_etag(key, 'W/"a"').startswith('W/"')
    assert embedded_validator(key, make_etag(key, "x" * 300)) == ""
    assert len(make_etag(key, "x" * 300)) < 30


def test_content_etag_depends_on_the_body():
    assert content_etag(b"a") == content_etag(b"a") != content_etag(b"b")


def test_key_with_headers_depends_on_key_and_headers():
    headers = (("Cookie", "a"),)
    keys = {
        key_with_headers(b"k", headers),
        key_with_headers(b"k", (("Cookie", "b"),)),
        key_with_headers(b"l", headers),
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"saving": Saving(dpi=72.0)},
        {"saving": Saving(jpeg_progressive=False)},
        {"pages": PageRange(1)},
        {"unsharp": UnsharpMask("auto")},
        {"disable_animation": True},
        {"resizing_algorithm": ResizingAlgorithm.CUBIC},
    ],
)
def test_key_depends_on_each_option_that_is_set(fields):
    assert KEYS.key(Plan(**fields)) != KEYS.key(Plan())
