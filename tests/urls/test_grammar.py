from __future__ import annotations

import pytest

from mememime_proxy.errors import PathError
from mememime_proxy.urls.grammar import OptionText, parse


def test_grammar_options_end_at_the_first_segment_without_separator():
    parsed = parse("rs:fill:300:200/w:/plain/http://a:80/b")
    assert parsed.options == (OptionText("rs", ("fill", "300", "200")), OptionText("w", ("",)))
    assert parsed.source == ("plain", "http:", "", "a:80", "b")
    assert parsed.presets == ()


def test_grammar_name_alone_is_a_source():
    assert parse("w/h:1").source == ("w", "h:1")


def test_grammar_longer_separators_are_accepted():
    parsed = parse("w__1__2/q,1", "__")
    assert parsed.options == (OptionText("w", ("1", "2")),)
    assert parsed.source == ("q,1",)


def test_grammar_presets_only_reads_preset_names():
    parsed = parse("a:b/w:1/x", only_presets=True)
    assert parsed.presets == (("a", "b"),)
    assert parsed.options == ()
    assert parsed.source == ("w:1", "x")


@pytest.mark.parametrize("name", ["fit", "fill", "fill-down", "force", "auto"])
def test_grammar_basic_format_is_detected(name):
    with pytest.raises(PathError, match="basic"):
        parse(f"{name}/300/200/ce/0/aHR0cDovL2E")
    assert parse(f"{name}/aHR0cDovL2E", only_presets=True).presets == ((name,),)


@pytest.mark.parametrize(
    ("path", "only_presets"), [("w:1", False), ("w:1/h:1", False), ("w:1/", False), ("a", True), ("a/", True)]
)
def test_grammar_missing_source_is_refused(path, only_presets):
    with pytest.raises(PathError, match="source is empty"):
        parse(path, only_presets=only_presets)
