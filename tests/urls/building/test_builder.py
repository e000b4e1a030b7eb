from __future__ import annotations

import inspect
import re
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import OptionError, PathError, SettingsError, SourceUrlError
from mememime_proxy.plan import Plan
from mememime_proxy.urls import UrlBuilder
from mememime_proxy.urls.options.argument_groups import GravityArguments
from mememime_proxy.urls.options.media import MEDIA_OPTIONS
from mememime_proxy.urls.options.option import Argument
from mememime_proxy.urls.options.table import OPTIONS
from tests.support.url_strategies import (
    ENCRYPTION_KEY,
    METHODS,
    NOW,
    PRESETS,
    SALT,
    builder,
    call,
    calls,
    formats,
    signed,
    sources,
    unsigned,
    written,
)

SETTINGS = {
    "presets": PRESETS,
    "allow_security_options": True,
    "permissions": frozenset({"ALLOW_BYPASS_CACHE"}),
    "source_url_encryption_key": bytes.fromhex(ENCRYPTION_KEY),
}
PARSER = signed(**SETTINGS)
HANDMADE = unsigned(**SETTINGS)
forms = st.sampled_from(["auto", "plain", "base64", "enc", "enc2"])
SOURCE = "https://example.com/a b/ä@2x.jpg?c=d&e=f#g"


def test_builder_every_option_has_a_method_and_every_method_its_strategy():
    names = {option.name.replace("-", "_") for option in OPTIONS}
    assert names == set(METHODS)
    assert all(callable(getattr(UrlBuilder, name, None)) for name in names)


# Lists, pairs and colours are given in the way that suits Python.
POSITIONAL = [o for o in OPTIONS if isinstance(o.arguments[0], Argument) or o.name == "gravity"]


@pytest.mark.parametrize("option", POSITIONAL, ids=lambda option: option.name)
def test_builder_methods_have_the_arguments_of_the_table(option):
    parameters = list(inspect.signature(getattr(UrlBuilder, option.name.replace("-", "_"))).parameters)[1:]
    expected = []
    for argument in option.arguments:
        if isinstance(argument, GravityArguments):
            expected += ["gravity", "x", "y", *(["more"] if argument.limit is None else [])]
        else:
            expected.append(argument.name)
    assert parameters == expected


@given(st.lists(calls, max_size=6), sources, formats | st.just(""), forms)
def test_builder_url_is_parsed_to_the_same_plan(made, source, extension, form):
    """What is built is accepted, says the same as the options one by one, and gives the very source back."""
    built = builder("https://images.example.com")
    for name, arguments in made:
        built = call(built, name, arguments)
    if form in {"plain", "base64"}:
        built = getattr(built, form)()
    elif form != "auto":
        built = built.encrypted(cipher=form)
    url = built.build(source, extension)
    assert url.isascii()
    assert not set(url) & set(' "<>\\^`{|}?#')
    by_hand = [written(name, arguments) for name, arguments in made] + [f"f:{extension}"] * bool(extension)
    handmade = "/_/" + "/".join([*by_hand, "plain/x"])
    try:
        plan = PARSER.parse(url.removeprefix("https://images.example.com"), now=NOW)
    except OptionError as error:
        # Options that a result in this format cannot obey, whoever writes the URL.
        with pytest.raises(OptionError, match=re.escape(str(error))):
            HANDMADE.parse(handmade, now=NOW)
        return
    expected = HANDMADE.parse(handmade, now=NOW)
    assert replace(plan, format="") == replace(expected, format="", source=source)
    assert plan.raw or plan.format == expected.format


@given(calls)
def test_builder_each_method_writes_its_own_option(made):
    name, arguments = made
    url = call(builder(), name, arguments).plain().build("local:///x")
    assert url.split("/")[2].split(":")[0] == name.replace("min_", "min-")


def test_builder_values_are_in_the_plan():
    url = (
        builder()
        .resize("fill", 300, 200, enlarge=True)
        .crop(0.5, 100, "fp", 0.25, 1)
        .background((1, 2, 3))
        .trim(10.5, equal_ver=True)
        .format_quality(avif=60, webp=75)
        .filename("Übersicht: 1/2")
        .skip_processing("svg", "gif")
        .watermark(0.5, scale=0.1)
        .build(SOURCE)
    )
    plan = PARSER.parse(url, now=NOW)
    assert plan.source == SOURCE
    assert (plan.width, plan.height, plan.enlarge) == (300, 200, True)
    assert (plan.crop.width, plan.crop.height, plan.crop.gravity.x) == (0.5, 100, 0.25)
    assert plan.background == (1, 2, 3)
    assert (plan.trim.threshold, plan.trim.equal_hor, plan.trim.equal_ver) == (10.5, False, True)
    assert plan.format_quality == (("avif", 60), ("webp", 75))
    assert plan.filename == "Übersicht: 1/2"
    assert plan.skip_processing == ("gif", "svg")
    assert plan.watermark.scale == 0.1


def test_builder_published_url_is_equal():
    secret = UrlBuilder("http://localhost/", "736563726574", "68656C6C6F")
    path = "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"
    assert secret.sign(path) == f"http://localhost/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8{path}"


def test_builder_is_immutable():
    base = builder().width(100)
    larger = base.width(200).plain("local:///x")
    assert "width:200" not in base.build(SOURCE)
    assert "width:100/width:200/plain/" in larger.build()
    with pytest.raises(SourceUrlError):
        base.build()


def test_builder_filename_with_special_characters_is_encoded():
    assert "/filename:cat/" in builder().filename("cat").build(SOURCE)
    assert "/filename:Y2F0:1/" in builder().filename("cat", encoded=True).build(SOURCE)
    assert "/filename:YSBi:1/" in builder().filename("a b").build(SOURCE)


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("https://example.com/a.jpg", "plain/https://example.com/a.jpg"),
        ("local:///a.jpg", "plain/local:///a.jpg"),
        ("local:///a:/b", "bG9j"),
        ("a/b.jpg", "plain/a/b.jpg"),
        ("http://a:80/$&+b=~", "plain/http://a:80/$&+b=~"),
        ("http://a/b@c", "aHR0"),
        ("http://a/b,c", "aHR0"),
        ("http://a/b c?d#e%20", "plain/http://a/b%20c%3Fd%23e%2520"),
        ("http://a/../b", "aHR0"),
        ("http://a/./b", "aHR0"),
        ("http://a//b", "aHR0"),
        ("http://a/b/..", "aHR0"),
        ("/b", "L2I"),
    ],
)
def test_builder_source_form_depends_on_the_source(source, start):
    url = builder().build(source)
    assert url.split("/", 2)[2].startswith(start)
    assert PARSER.parse(url, now=NOW).source == source


def test_builder_custom_separators_are_used():
    other = UrlBuilder(arguments_separator="-", unsigned=True)
    parser = unsigned(arguments_separator="-")
    url = other.resize("fill", 5).build("local:///\x3e\x3f?>>>")
    assert parser.parse(url, now=NOW).width == 5
    with pytest.raises(OptionError):
        other.cachebuster("a-b")
    with pytest.raises(OptionError):
        other.resizing_type("fill-down")
    assert "fn" not in other.filename("a-b").build("x")
    assert parser.parse(other.filename("ab").build("local:///x"), now=NOW).filename == "ab"


def test_builder_base64_with_the_separator_is_refused_or_avoided():
    text = "local:///~~~~"  # its base64 has a minus or an underscore
    other = UrlBuilder(arguments_separator="-", unsigned=True)
    assert unsigned(arguments_separator="-").parse(other.build("/~~~>"), now=NOW).source == "/~~~>"
    with pytest.raises(OptionError, match="separator"):
        UrlBuilder(arguments_separator="bG9", unsigned=True).base64().build(text)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("width", (-1,)),
        ("width", ("x",)),
        ("resize", ("cover", 1)),
        ("quality", (101,)),
        ("gravity", ("sm", 1)),
        ("gravity", ("fp",)),
        ("dpr", (float("nan"),)),
        ("dpr", (float("inf"),)),
        ("background", ("red",)),
        ("cachebuster", ("a/b",)),
        ("cachebuster", ("a b",)),
        ("cachebuster", ("a:b",)),
        ("cachebuster", ("ä",)),
        ("preset", ("a%b",)),
        ("preset", ()),
        ("format", ("docx",)),
        ("filename", ("a\nb",)),
        ("rotate", (45,)),
        ("option", ("gif_options", 1)),
        ("option", ("width",)),
    ],
)
def test_builder_invalid_option_is_refused(name, arguments):
    with pytest.raises(OptionError):
        getattr(builder(), name)(*arguments)


@pytest.mark.parametrize("source", ["", "a\nb", "a\0", "\ud800"])
def test_builder_invalid_source_is_refused(source):
    with pytest.raises(SourceUrlError):
        builder().build(source)


def test_builder_invalid_extension_is_refused():
    with pytest.raises(OptionError):
        builder().build(SOURCE, "docx")


def test_builder_too_long_url_is_refused():
    with pytest.raises(PathError):
        builder().build("local:///" + "x" * 20_000)
    longest = builder().plain().build("local:///" + "x" * 16_300)
    assert PARSER.parse(longest, now=NOW)


@pytest.mark.parametrize(
    "settings",
    [
        {"key": "00"},
        {"salt": "00"},
        {"key": "xx", "salt": "00"},
        {"key": "00", "salt": "00", "signature_size": 33},
        {"encryption_key": "00", "unsigned": True},
        {"arguments_separator": "", "unsigned": True},
        {"key": "00", "salt": "00", "unsigned": True},
    ],
)
def test_builder_invalid_settings_are_refused(settings):
    with pytest.raises(SettingsError):
        UrlBuilder(**settings)


def test_builder_without_keys_makes_unsigned_urls_only_where_they_are_asked_for():
    for settings in ({}, {"key": "", "salt": ""}, {"key": " ", "salt": ","}):
        with pytest.raises(SettingsError, match="found no key and salt, expected both, or unsigned=True"):
            UrlBuilder("https://i.example.com", **settings)


def test_builder_signs_with_the_first_of_several_keys():
    one = UrlBuilder(key="00", salt="11").build(SOURCE)
    assert UrlBuilder(key="00, 22", salt="11,33").build(SOURCE) == one


def test_builder_picture_is_html_that_templates_leave_as_it_is():
    html = builder().picture(SOURCE, widths=[320], sizes="50vw").html('"a" & b')
    assert html.__html__() == html
    assert type(html.__html__()) is str
    assert 'alt="&quot;a&quot; &amp; b"' in html


def test_builder_encryption_needs_a_key():
    with pytest.raises(SettingsError):
        UrlBuilder(unsigned=True).encrypted(SOURCE)


def test_builder_signature_size_and_unsigned_urls():
    cut = UrlBuilder(key="00" * 16, salt=SALT, signature_size=16).build(SOURCE)
    assert len(cut.split("/")[1]) == 22
    assert UrlBuilder(unsigned=True).plain(SOURCE).build().startswith("/unsafe/plain/")


def test_builder_srcset_has_a_candidate_for_each_width():
    entries = builder("https://i.example.com").height(5).srcset(SOURCE, widths=[320, 640], extension="webp").split(", ")
    assert [entry.split(" ")[1] for entry in entries] == ["320w", "640w"]
    widths = [
        PARSER.parse(entry.split(" ")[0].removeprefix("https://i.example.com"), now=NOW).width for entry in entries
    ]
    assert widths == [320, 640]
    entries = builder().plain(SOURCE).width(100).srcset(densities=[1, 1.5, 2]).split(", ")
    assert [entry.split(" ")[1] for entry in entries] == ["1x", "1.5x", "2x"]
    plans = [PARSER.parse(entry.split(" ")[0], now=NOW) for entry in entries]
    assert [(plan.width, plan.dpr) for plan in plans] == [(100, 1.0), (100, 1.5), (100, 2.0)]
    for settings in ({}, {"widths": [1], "densities": [1]}):
        with pytest.raises(OptionError):
            builder().srcset(SOURCE, **settings)


def test_builder_source_that_ends_with_a_comma_does_not_break_the_srcset():
    assert builder().srcset("local:///a,", densities=[1, 2]).count(",") == 1


def test_builder_picture_has_a_source_for_each_format():
    found = builder().resize("fit").picture(SOURCE, widths=[320, 640], sizes="(min-width: 60em) 50vw, 100vw")
    assert [source.type for source in found.sources] == ["image/avif", "image/webp"]
    first = found.sources[0].srcset.split(" ")[0]
    assert (PARSER.parse(first, now=NOW).format, PARSER.parse(first, now=NOW).width) == ("avif", 320)
    assert (PARSER.parse(found.src, now=NOW).format, PARSER.parse(found.src, now=NOW).width) == ("jpeg", 640)
    html = found.html('A "cat" & a dog')
    assert html.startswith('<picture><source type="image/avif" srcset="/')
    assert html.endswith('alt="A &quot;cat&quot; &amp; a dog"></picture>')
    assert html.count('sizes="(min-width: 60em) 50vw, 100vw"') == 3
    assert 'alt=""' in builder().picture(SOURCE, densities=[1, 2]).html("")
    with pytest.raises(OptionError, match="sizes"):
        builder().picture(SOURCE, widths=[1])


def test_builder_repr_hides_keys():
    shown = repr(UrlBuilder("https://i.example.com", "ab" * 16, "cd" * 16).width(5))
    assert "width:5" in shown
    assert "abab" not in shown


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_builder_examples_of_the_documentation_are_accepted(option):
    name, *arguments = option.example.split(":")
    assert name in option.names
    parser = signed(**{**SETTINGS, "presets": ("card=w:1",)})
    initial = Plan(keep_copyright=False)
    examples = builder().option(name, *arguments).plain()
    # The options of films and sound change their results only.
    extensions = ("mp4", "opus", "m3u8", "vtt", "json", "png", "gif") if option in MEDIA_OPTIONS else ("",)
    changed = []
    for extension in extensions:
        with suppress(OptionError):
            found = parser.parse(examples.build("local:///x", extension), now=NOW, initial=initial)
            changed.append(found != replace(initial, source="local:///x", format=extension))
    assert any(changed) or option.name == "loop", "which needs the options of an animation"
