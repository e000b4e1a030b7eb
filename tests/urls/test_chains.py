"""Chains of pipelines: where options go, how presets join, limits, and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import OptionError, PathError, PresetError, SettingsError
from mememime_proxy.plan import PIPELINE_FIELDS, Padding, Plan, ResizingType
from mememime_proxy.proxy.variants.keys import VariantKeys
from tests.support.url_strategies import NOW, builder, signed, unsigned

SOURCE = "plain/local:///a.jpg"
PRESET = "test=width:300/height:300/-/width:200/height:200/-/width:100/height:200"
KEYS = VariantKeys(("1", {"quality": 80}))
SIZES = ["w:10", "h:20", "pd:3", "-", "rot:90", "bl:2"]


def plan_of(options, **settings):
    return unsigned(**settings).parse(f"/_/{options}/{SOURCE}", now=NOW)


def sizes(plan):
    return [(each.width, each.height) for each in plan.pipelines]


def test_each_pipeline_begins_with_the_defaults():
    plan = plan_of("rs:fill:500:400/pd:3/-/w:50/-/pd:10")
    assert sizes(plan) == [(500, 400), (50, 0), (0, 0)]
    assert [each.padding.top for each in plan.pipelines] == [3, 0, 10]
    assert [each.resizing_type for each in plan.pipelines] == [ResizingType.FILL, ResizingType.FIT, ResizingType.FIT]


@pytest.mark.parametrize(
    "chained",
    [
        "w:9/-/h:8/q:70/f:webp/fq:avif:50/fq:webp:60/skp:gif/cb:x",
        "w:9/q:70/f:webp/fq:avif:50/-/h:8/fq:webp:60/skp:gif/cb:x",
    ],
)
def test_what_a_request_has_once_may_stand_in_any_pipeline(chained):
    plan = plan_of(chained)
    assert (plan.quality, plan.format, plan.skip_processing, plan.cachebuster) == (70, "webp", ("gif",), "x")
    assert plan.format_quality == (("avif", 50), ("webp", 60))
    assert plan.chain == (Plan(height=8),)
    assert all(each.quality == 70 and each.format == "webp" for each in plan.pipelines)
    assert plan_of("q:10/-/q:20/-/q:30").quality == 30


def test_presets_join_pipeline_by_pipeline():
    assert sizes(plan_of("width:400/-/preset:test/width:500/-/width:600", presets=(PRESET,))) == [
        (400, 0), (500, 300), (600, 200), (100, 200),
    ]  # fmt: skip
    nested = (PRESET, "outer=w:7/-/pr:test/-/h:9")
    assert sizes(plan_of("pr:outer", presets=nested)) == [(7, 0), (300, 300), (200, 9), (100, 200)]
    assert sizes(plan_of("w:4", presets=("default=h:5/-/pd:1",))) == [(4, 5), (0, 0)]


def test_presets_alone_stand_between_the_marks():
    parser = unsigned(presets=(PRESET, "small=w:5"), only_presets=True)
    assert sizes(parser.parse(f"/_/small/-/test:small/-/small/{SOURCE}")) == [(5, 0), (5, 300), (5, 200), (100, 200)]
    assert sizes(parser.parse(f"/_/-/small/{SOURCE}")) == [(0, 0), (5, 0)]
    with pytest.raises(PresetError):
        parser.parse(f"/_/small/-/{SOURCE}")


@pytest.mark.parametrize("options", ["w:9", "w:9/-", "w:9/-/-", "w:9/-/w:0", "w:9/-/q:0/-"])
def test_empty_pipelines_do_nothing(options):
    assert KEYS.key(plan_of(options)) == KEYS.key(plan_of("w:9"))


def test_keys_tell_chains_apart():
    keys = {
        KEYS.key(plan_of(text))
        for text in ("w:9", "-/w:9", "w:9/-/pd:1", "w:9/-/pd:2", "w:9/-/pd:1/-/pd:1", "pd:1/-/w:9")
    }
    assert len(keys) == 6


def test_pipelines_of_a_url_are_limited_and_those_of_presets_are_not():
    assert len(plan_of("w:9" + "/-/w:9" * 7).pipelines) == 8
    with pytest.raises(OptionError, match="MAX_CHAINED_PIPELINES") as caught:
        plan_of("w:9" + "/-/w:9" * 8)
    assert caught.value.segment == 15
    assert len(plan_of("pr:test/-/pr:test", presets=(PRESET,), max_chained_pipelines=2).pipelines) == 4
    assert len(plan_of("w:9" + "/-/w:9" * 20, max_chained_pipelines=0).pipelines) == 21
    with pytest.raises(OptionError, match="more than 32 pipelines"):
        plan_of("w:9" + "/-/w:9" * 32, max_chained_pipelines=0)
    with pytest.raises(SettingsError, match="more than 32 pipelines"):
        unsigned(presets=("long=w:1" + "/-/w:1" * 32,))


def test_a_source_needs_to_follow():
    with pytest.raises(PathError):
        unsigned().parse("/_/w:9/-")


def test_the_preset_of_a_source_joins_the_chain_of_the_default_preset():
    parser = unsigned(presets=("default=w:1/-/h:2", "of_source=w:3/-/pd:4"))
    plan = parser.parse("/_/plain/alias:///a")
    assert plan.takes_preset
    changed = parser.apply_preset(plan, "of_source")
    assert sizes(changed) == [(3, 0), (0, 2)]
    assert changed.chain[0].padding == Padding(4, 4, 4, 4)


def test_builder_makes_chains():
    url = builder().resize("fit", 500, 400).next_pipeline().padding(10).quality(50).build("local:///a.jpg")
    plan = signed().parse(url)
    assert (sizes(plan), plan.quality, plan.chain[0].padding.left) == ([(500, 400), (0, 0)], 50, 10)


def test_results_with_one_pipeline_refuse_chains():
    with pytest.raises(OptionError, match="cannot obey"):
        unsigned().parse("/_/w:9/-/h:9/plain/local:///a.mov@mp4")
    chained = builder().width(9).next_pipeline().height(8).quality(70)
    assert not signed().parse(chained.video_sources("local:///a.mov", formats=("mp4",))[0].src).chain
    assert signed().parse(chained.poster("local:///a.mov")).chain
    with pytest.raises(OptionError, match="trim"):
        unsigned().parse("/_/clip:0:2/fps:5/w:9/-/t:9/plain/local:///a.mov@webp")


@given(st.lists(st.sampled_from(SIZES), max_size=12))
def test_a_chain_is_the_plans_of_its_parts(options):
    plan = plan_of("/".join([*options, "q:50"]), max_chained_pipelines=0)
    parts = "/".join(options).split("-")
    expected = [plan_of(f"{part.strip('/') or 'q:50'}/q:50") for part in parts]
    kept = [each for index, each in enumerate(expected) if not index or each != plan_of("q:50")]
    assert [[getattr(each, name) for name in PIPELINE_FIELDS] for each in plan.pipelines] == [
        [getattr(each, name) for name in PIPELINE_FIELDS] for each in kept
    ]
