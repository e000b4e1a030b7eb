from __future__ import annotations

import pytest

from mememime_proxy.errors import OptionError, PresetError, SecurityOptionError, SettingsError
from mememime_proxy.plan import ResizingType
from tests.support.url_strategies import NOW, unsigned


def plan(url, *presets, **settings):
    return unsigned(presets=presets, **settings).parse(f"/_/{url}/plain/local:///x", now=NOW)


def test_presets_are_applied_in_their_order():
    found = plan("preset:test1:test2", "test1=resizing_type:fill/q:10", "test2=blur:0.2/quality:50")
    assert (found.resizing_type, found.blur, found.quality) == (ResizingType.FILL, 0.2, 50)


def test_presets_default_comes_before_the_url():
    found = plan("q:70", "default=rt:fill/bl:0.2/q:50")
    assert (found.resizing_type, found.blur, found.quality) == (ResizingType.FILL, 0.2, 70)


def test_presets_empty_argument_keeps_the_value_of_the_preset():
    found = plan("pr:a/rs::300", "a=rs:fill:100:200/g:no:5:6")
    assert (found.resizing_type, found.width, found.height) == (ResizingType.FILL, 300, 200)
    found = plan("pr:a/g:so::7", "a=g:no:5:6")
    assert (found.gravity.type, found.gravity.x, found.gravity.y) == ("so", 5, 7)


def test_presets_recursive_preset_is_skipped():
    found = plan("pr:a", "a=w:1/pr:b/q:3", "b=h:2/pr:a/pr:b")
    assert (found.width, found.height, found.quality) == (1, 2, 3)


def test_presets_preset_may_be_used_twice():
    assert plan("pr:a/w:5/pr:a", "a=w:1").width == 1


def test_presets_default_is_not_applied_within_itself():
    assert plan("q:1", "default=w:3/pr:default").width == 3


def test_presets_later_definition_is_used():
    assert plan("pr:a", "a=w:1", "a=w:2").width == 2


def test_presets_spaces_comments_and_empty_lines_are_ignored():
    assert plan("pr:a", "", "  ", "# a=w:9", "  a = w:1/h:2  \r").height == 2


def test_presets_unknown_name_is_refused():
    with pytest.raises(PresetError):
        plan("pr:b", "a=w:1")
    with pytest.raises(PresetError):
        plan("pr:", "a=w:1")


@pytest.mark.parametrize("definition", ["a", "=w:1", "a=", "a=w:1=2", "a=w", "a=w:1/x", "a=w:1/"])
def test_presets_malformed_definition_is_refused(definition):
    with pytest.raises(SettingsError, match="presets"):
        plan("w:1", definition)


@pytest.mark.parametrize("definition", ["a=w:x", "a=unknown:1", "a=pr:missing", "a=w:1:2", "a=msr:5"])
def test_presets_are_checked_at_the_start(definition):
    with pytest.raises(SettingsError, match="preset 'a'"):
        plan("w:1", definition)


def test_presets_may_use_options_that_urls_may_not():
    allowed = frozenset({"pr", "width"})
    assert plan("pr:a/width:3", "a=q:5", allowed_options=allowed).quality == 5
    for refused in ("q:5", "w:3", "preset:a"):
        with pytest.raises(OptionError, match="not allowed"):
            plan(refused, "a=q:5", allowed_options=allowed)


def test_presets_limits_in_presets_need_the_same_permission():
    assert plan("pr:a", "a=mrd:5", allow_security_options=True).limits.max_result_dimension == 5
    with pytest.raises(SecurityOptionError):
        plan("mrd:5", "a=w:1")


def test_presets_only_urls_have_presets_alone():
    settings = {"only_presets": True}
    found = plan("a:b", "a=w:1", "b=h:2", "default=q:9", **settings)
    assert (found.width, found.height, found.quality) == (1, 2, 9)
    with pytest.raises(PresetError):
        plan("w:1", "a=w:1", **settings)
    parser = unsigned(presets=("a=w:1",), **settings)
    assert parser.parse("/_/a/bG9jYWw6Ly8veA.png", now=NOW).format == "png"


def test_presets_separators_apply_to_presets():
    found = unsigned(presets=("a=rs_fill_5",), arguments_separator="_").parse("/_/pr_a/plain/local:///x", now=NOW)
    assert (found.resizing_type, found.width) == (ResizingType.FILL, 5)


def test_presets_chain_of_presets_is_limited():
    doubling = [f"p{i}=" + "/".join([f"pr:p{i + 1}"] * 4) for i in range(4)] + ["p4=w:1"]
    with pytest.raises(OptionError, match="more than"):
        plan("/".join(["pr:p0"] * 10), *doubling)
