from __future__ import annotations

import random
import time
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import (
    MememimeError,
    OptionError,
    PathError,
    PresetError,
    SettingsError,
    SignatureError,
    SourceForbiddenError,
    SourceUrlError,
    UnsignedError,
    UrlError,
)
from mememime_proxy.plan import Plan
from mememime_proxy.urls.building.builder import UrlBuilder
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.urls.path import repair
from tests.support.url_strategies import KEY_PAIRS, NOW, PRESETS, builder, signed, unsigned

GOOD = builder().resize("fill", 300, 200).gravity("sm").plain().build("http://example.com/a/b.jpg?c=d", "webp")


def test_parser_no_keys_and_no_unsigned_urls_is_refused():
    with pytest.raises(SettingsError):
        UrlParser(UrlConfig())


@pytest.mark.parametrize(
    "settings", [{"arguments_separator": ""}, {"source_url_encryption_key": b"short"}, {"signature_size": 0}]
)
def test_parser_impossible_setting_is_refused(settings):
    with pytest.raises(SettingsError):
        signed(**settings)


def test_parser_signed_url_gives_its_plan():
    plan = signed().parse(GOOD, now=NOW)
    assert (plan.source, plan.width, plan.format) == ("http://example.com/a/b.jpg?c=d", 300, "webp")
    assert signed().verify(GOOD).verified


def test_parser_edit_of_one_byte_is_refused_or_repaired():
    """Whatever one byte does to a signed URL, it is refused; all that is left over are the two documented repairs.

    A question mark begins the query, which is not signed: it is in the test below.
    """
    parser = signed()
    original = GOOD.encode()
    dice = random.Random(20_000)
    refused = repaired = 0
    for _ in range(10_000):
        edited = bytearray(original)
        position, byte = dice.randrange(len(edited)), dice.choice([b for b in range(256) if b != ord("?")])
        kind = dice.choice(["replace", "insert", "delete"])
        if kind == "replace":
            edited[position] = byte
        elif kind == "insert":
            edited.insert(position, byte)
        else:
            del edited[position]
        if bytes(edited) == original:
            continue
        path = edited.decode("utf-8", "surrogateescape")
        rest, edited_rest = (text.partition("/")[2] for text in (GOOD[1:], path[1:]))
        if path[:45] == GOOD[:45] and repair(edited_rest) == repair(rest):
            assert parser.verify(path).path == repair(rest)
            repaired += 1
        else:
            with pytest.raises(SignatureError):
                parser.verify(path)
            refused += 1
    assert refused > 9_500
    assert repaired < 100


def test_parser_question_mark_cuts_and_never_changes_the_signed_path():
    parser = signed()
    for position in range(len(GOOD) + 1):
        target = GOOD[:position] + "?" + GOOD[position:]
        try:
            verified = parser.verify(parser.split(target))
        except (SignatureError, PathError):
            continue
        assert position == len(GOOD)
        assert verified.path == parser.verify(GOOD).path


SIGNATURE, PATH = GOOD[1:].split("/", 1)
OTHER_SPELLINGS = [
    f"//{SIGNATURE}/{PATH}",
    f"/{SIGNATURE}//{PATH}",
    f"/{SIGNATURE}///{PATH}",
    f"{SIGNATURE}/{PATH}",
    f"/./{SIGNATURE}/{PATH}",
    f"/{SIGNATURE}/./{PATH}",
    f"/{SIGNATURE}=/{PATH}",
    f"/{SIGNATURE}%3D/{PATH}",
    f"/{SIGNATURE}/{PATH}#x",
    f"/{SIGNATURE}/{PATH};a",
    f"/{SIGNATURE}/{PATH}/",
    f"/{SIGNATURE}/{PATH} ",
    f"/{SIGNATURE}/{PATH.replace('resize:', 'resize%3a')}",
    f"/{SIGNATURE}/{PATH.replace('fill', '%66ill')}",
    f"/{SIGNATURE}/{PATH.replace('%3F', '%3f')}",
    f"/{SIGNATURE}/{SIGNATURE}/{PATH}",
    f"/x/{SIGNATURE}/{PATH}",
    f"/%{SIGNATURE}/{PATH}",
    f"//{PATH}",
    f"/unsafe/{PATH}",
    f"/_/{PATH}",
]


@pytest.mark.parametrize("target", OTHER_SPELLINGS)
def test_parser_no_other_spelling_is_accepted(target):
    with pytest.raises(SignatureError):
        signed().verify(signed().split(target))


@pytest.mark.parametrize("target", ["/", "", f"/{SIGNATURE}", f"/{SIGNATURE}/", "/favicon.ico", "//"])
def test_parser_empty_path_after_signature_is_refused(target):
    with pytest.raises(SignatureError):
        signed().verify(target)


@pytest.mark.parametrize(
    "broken",
    [
        GOOD.replace("http://", "http:/"),
        GOOD.replace("resize:", "resize%3A"),
        GOOD.replace(":", "%3A", 4),
        GOOD + "?v=1#x",
    ],
)
def test_parser_repairable_path_and_query_give_the_same_plan(broken):
    parser = signed()
    assert broken != GOOD
    assert parser.parse(broken, now=NOW) == parser.parse(GOOD, now=NOW)


def test_parser_local_source_with_collapsed_slashes_is_repaired():
    url = builder().width(5).plain().build("local:///a/b.jpg")
    assert signed().parse(url.replace("local:///", "local:/"), now=NOW).source == "local:///a/b.jpg"


def test_parser_path_prefix_is_required():
    parser = signed(path_prefix="/img")
    assert parser.parse("/img" + GOOD, now=NOW).width == 300
    with pytest.raises(PathError):
        parser.parse(GOOD, now=NOW)


def test_parser_unsigned_urls_allowed_are_accepted_beside_signed_ones():
    parser = signed(allow_unsigned=True)
    for word in ("unsafe", "insecure", "_"):
        verified = parser.verify(f"/{word}/{PATH}")
        assert not verified.verified
        assert verified.path == PATH
    assert parser.verify(GOOD).verified
    for other in ("", "x", "Unsafe", SIGNATURE[:-1]):
        with pytest.raises(SignatureError):
            parser.verify(f"/{other}/{PATH}")


def test_i11_unsigned_url_may_begin_with_two_slashes():
    for parser in (unsigned(), signed(allow_unsigned=True)):
        plan = parser.parse(f"/unsafe/{PATH}", now=NOW)
        assert parser.parse(f"//unsafe/{PATH}", now=NOW) == plan
        assert parser.parse(f"//_/{PATH}", now=NOW) == plan
        with pytest.raises((PathError, SignatureError)):
            parser.parse(f"///unsafe/{PATH}", now=NOW)
    with pytest.raises(SignatureError):  # a signed path has one spelling
        signed(allow_unsigned=True).parse(f"/{GOOD}", now=NOW)
    with pytest.raises(SignatureError):
        signed().parse(f"//unsafe/{PATH}", now=NOW)


@pytest.mark.parametrize(
    ("parser", "target", "options"),
    [
        (unsigned(), "/unsafe/rs:fit:3:4/w:5/plain/local:///a:b/c", "rs:fit:3:4/w:5"),
        (unsigned(), "//unsafe/w%3A5/bG9jYWw6Ly8vYQ.png?x=1", "w:5"),
        (unsigned(), "/_/plain/local:///a", ""),
        (
            unsigned(only_presets=True, presets=("small=w:5", "large=h:5")),
            "/_/small:large/plain/local:///a",
            "small:large",
        ),
        (unsigned(path_prefix="/img", arguments_separator="="), "/img/_/w=5/plain/local:///a", "w=5"),
    ],
)
def test_parse_with_options_returns_them_as_the_url_has_them(parser, target, options):
    plan, text, _ = parser.parse_with_options(target, initial=parser.config.base_plan)
    assert (plan, text) == (parser.parse(target), options)


def test_parser_no_keys_accepts_any_first_segment():
    parser = unsigned()
    for word in ("unsafe", "anything", SIGNATURE):
        assert parser.parse(f"/{word}/{PATH}", now=NOW).width == 300
    assert parser.parse(f"/_//{PATH}", now=NOW).width == 300
    for target in (f"/{PATH}", "//w:1/plain/x"):
        with pytest.raises(UnsignedError) as caught:
            parser.parse(target, now=NOW)
        assert caught.value.status == 403
    for target in ("///w:1/plain/x", "/_", "/_/", "/", "//"):
        with pytest.raises(PathError):
            parser.parse(target, now=NOW)


def test_parser_extension_wins_over_format_and_raw_over_both():
    parser = unsigned()
    assert parser.parse("/_/f:png/plain/x@webp", now=NOW).format == "webp"
    assert parser.parse("/_/f:png/plain/x@", now=NOW).format == "png"
    assert parser.parse("/_/f:png/raw:1/plain/x@webp", now=NOW).format == "png"
    assert parser.parse("/_/raw:1/plain/x@nonsense", now=NOW).raw
    for extension in ("nonsense", "JPG", "tif"):
        with pytest.raises(OptionError, match="extension"):
            parser.parse(f"/_/plain/x@{extension}", now=NOW)


def test_parser_best_is_a_choice_and_no_format():
    def chosen(path, **base):
        plan = unsigned().parse(f"/_/{path}", initial=Plan(**base))
        return plan.format, plan.best

    assert chosen("f:best/plain/local:///a") == chosen("plain/local:///a@best") == ("", True)
    assert chosen("f:best/plain/local:///a@webp") == chosen("f:best/f:webp/plain/local:///a") == ("webp", False)
    assert chosen("f:webp/plain/local:///a@best") == ("", True)
    assert chosen("w:3/plain/local:///a", best=True) == ("", True)
    assert chosen("f:png/plain/local:///a", best=True) == ("png", False)
    assert unsigned().parse(UrlBuilder(unsigned=True).build("local:///a", "best")).best


def test_parser_source_rules_rewrite_and_refuse_sources():
    parser = unsigned(
        base_url="https://a.example.com/",
        url_replacements="mine://*/=https://${1}.example.com/",
        allowed_sources=("https://*.example.com/",),
    )
    assert parser.parse("/_/plain/cat.jpg", now=NOW).source == "https://a.example.com/cat.jpg"
    with pytest.raises(SourceForbiddenError):
        unsigned(allowed_sources=("https://*.example.com/",)).parse("/_/plain/http://b/", now=NOW)
    rewritten = unsigned(url_replacements="mine://*/=https://${1}.example.com/")
    assert rewritten.parse("/_/plain/mine://b/x", now=NOW).source == "https://b.example.com/x"


def test_parser_file_name_behind_the_source_is_dropped():
    parser = unsigned(base64_url_includes_filename=True)
    assert parser.parse("/_/bG9jYWw6Ly8v/eA.png/cat.jpg", now=NOW).source == "local:///x"


def test_parser_initial_plan_is_overwritten_by_options():
    initial = Plan(dpr=2.0, width=100)
    parser = unsigned(presets=("default=w:50",))
    plan = parser.parse("/_/h:5/plain/x", now=NOW, initial=initial)
    assert (plan.dpr, plan.width, plan.height) == (2.0, 50, 5)


def test_parser_without_time_uses_the_clock():
    with pytest.raises(UrlError):
        unsigned().parse(f"/_/exp:{int(time.time()) - 10}/plain/x")
    assert unsigned().parse(f"/_/exp:{int(time.time()) + 100}/plain/x").expires


HOSTILE = {
    "a megabyte": "/_/" + "a" * 1_000_000,
    "a megabyte of options": "/_/" + "w:1/" * 250_000 + "plain/x",
    "10,000 options": "/_/" + "w:1/" * 10_000 + "plain/x",
    "as many options as fit": "/_/" + "w:1/" * 4000 + "plain/x",
    "as many arguments as fit": "/_/rs" + ":" * 16_000 + "/plain/x",
    "as many presets as fit": "/_/pr" + ":nested" * 2300 + "/plain/x",
    "as many colons and slashes as fit": "/_/plain/" + ":/" * 8000 + "%zz",
    "percent signs": "/_/plain/" + "%" * 16_000,
    "at signs": "/_/plain/" + "@" * 16_000,
    "dots": "/_/" + "." * 16_000,
    "base64": "/_/" + "A" * 16_001,
    "digits": "/_/w:" + "9" * 16_000 + "/plain/x",
    "digits of a fraction": "/_/dpr:0." + "9" * 16_000 + "/plain/x",
    "not a number": "/_/dpr:nan/plain/x",
    "infinite": "/_/c:inf:1/plain/x",
    "huge": "/_/c:1e308/plain/x",
    "huge exponent": "/_/c:1e999999999/plain/x",
    "huge integer": "/_/w:9223372036854775808/plain/x",
    "NUL": "/_/w:1/plain/a%00b",
    "raw NUL": "/_/w:1/plain/a\0b",
    "half of a pair": "/_/w:1/plain/\ud800",
    "half of a pair in text": "/_/cb:\udcff/plain/x",
    "half of a pair in a number": "/_/w:\udcff/plain/x",
    "not UTF-8": "/_/w:1/plain/%ff",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_parser_hostile_urls_are_client_errors(name):
    for parser in (unsigned(presets=PRESETS), signed(presets=PRESETS, allow_unsigned=True), signed()):
        with pytest.raises(MememimeError) as caught:
            parser.parse(HOSTILE[name], now=NOW)
        assert 400 <= caught.value.status < 500


def test_parser_wildcards_on_long_source_end_quickly():
    parser = unsigned(url_replacements="*a*a*a*a*a*b=x", allowed_sources=("https://*.*.*.*.*.x/",))
    with pytest.raises(SourceForbiddenError):
        parser.parse("/_/plain/" + "a." * 8000, now=NOW)


@given(st.text(max_size=200), st.booleans())
def test_parser_any_text_gives_a_plan_or_a_mememime_error(text, only_presets):
    parser = unsigned(presets=PRESETS, only_presets=only_presets)
    for target in (text, "/_/" + text, "/_/w:1/plain/" + text):
        status = 200
        try:
            parser.parse(target, now=NOW).source.encode()
        except MememimeError as error:
            status = error.status
        assert status in {200, 403, 404}


@given(st.lists(st.text(st.sampled_from("rs:fillgw0123.5-efpnoaxc%A/@"), max_size=12), max_size=8).map("/".join))
def test_parser_text_like_options_gives_an_equal_plan_twice(text):
    try:
        plan = unsigned().parse(f"/_/{text}/plain/local:///x", now=NOW)
    except (UrlError, SourceUrlError):
        return
    assert plan == unsigned().parse(f"/_/{text}/plain/local:///x", now=NOW)


def test_config_repr_hides_keys():
    config = UrlConfig(
        key_pairs=KEY_PAIRS, source_url_encryption_key=bytes(16), trusted_signatures=frozenset({"trust"})
    )
    assert "kkk" not in repr(config)
    assert "trust'" not in repr(config)


SHA256 = "0123456789abcdef" * 4


def named(path, **config):
    presets = ("card=rs:fill:100:100/f:webp/fn:card", "north=g:no", "clever=g:sm", "outer=pr:card")
    return UrlParser(UrlConfig(allow_unsigned=True, presets=presets, **config)), f"/unsafe/{path}"


@pytest.mark.parametrize(
    ("path", "follows", "takes"),
    [
        ("plain/alias://a/b", True, True),
        ("plain/alias://a/b@webp", True, True),
        (f"plain/asset://{SHA256}", True, True),
        ("rs:fill:10:10/plain/alias://a/b", True, False),
        ("g:sm/plain/alias://a/b", True, False),
        ("g:ce/plain/alias://a/b", False, False),
        ("g:fp:0.1:0.2/plain/alias://a/b", False, False),
        ("pr:north/plain/alias://a/b", False, False),
        ("pr:clever/plain/alias://a/b", True, False),
        ("g:sm/plain/local:///a/b", False, False),
        ("plain/https://h/a", False, False),
        ("YWxpYXM6Ly9hL2I", True, True),
        ("YWxpYXM6Ly9hL2I.webp", True, True),
    ],
)
def test_parser_resource_url_follows_focus_and_takes_preset(path, follows, takes):
    parser, target = named(path)
    plan = parser.parse(target)
    assert (plan.follows_focus, plan.takes_preset) == (follows, takes)


def test_parser_presets_in_the_url_prevent_the_source_preset():
    parser, target = named("card/plain/alias://a", only_presets=True)
    assert not parser.parse(target).takes_preset


def test_parser_apply_preset_adds_the_options_of_the_source_preset():
    parser, target = named("plain/alias://a/b")
    plan = parser.parse(target)
    dressed = parser.apply_preset(plan, "card")
    assert (dressed.width, dressed.format, dressed.source) == (100, "webp", "alias://a/b")
    assert (dressed.follows_focus, dressed.takes_preset, dressed.filename) == (True, False, "")
    assert not parser.apply_preset(plan, "north").follows_focus
    assert parser.apply_preset(plan, "outer") == dressed
    named_format = replace(plan, format="png")
    assert parser.apply_preset(named_format, "card").format == "png"
    with pytest.raises(PresetError):
        parser.apply_preset(plan, "unknown")


def test_parser_resource_url_outside_allowed_sources_is_refused():
    parser, target = named("plain/alias://a/b", allowed_sources=("alias://a/",))
    assert parser.parse(target).source == "alias://a/b"
    with pytest.raises(SourceForbiddenError):
        parser.parse("/unsafe/plain/alias://b/a")


MARK = "wmu:aHR0cHM6Ly9vdGhlci5leGFtcGxlL2EucG5n"  # https://other.example/a.png


def test_url_of_a_watermark_has_to_be_an_allowed_source():
    allowed = unsigned(allowed_sources=("https://example.com/",))
    with pytest.raises(SourceForbiddenError):
        allowed.parse(f"/_/wm:1/{MARK}/plain/https://example.com/x")
    with pytest.raises(SourceForbiddenError):
        allowed.parse(f"/_/w:1/-/wm:1/{MARK}/plain/https://example.com/x")
    assert allowed.parse("/_/wm:1/plain/https://example.com/x").pictures == ()


@pytest.mark.parametrize(
    ("preprocess", "expected"), [(False, "https://other.example/a.png"), (True, "https://inner/a.png")]
)
def test_url_of_a_watermark_is_rewritten_where_the_operator_says_so(preprocess, expected):
    parser = unsigned(url_replacements="https://other.example=https://inner", watermark_preprocess_url=preprocess)
    assert parser.parse(f"/_/wm:1/{MARK}/plain/x").pictures == (expected,)
    assert parser.parse(f"/_/w:1/-/wm:1/{MARK}/plain/x").pictures == (expected,)


def test_url_of_a_watermark_is_counted_once_and_up_to_a_limit():
    def pipelines(count):
        marks = (urlsafe_b64encode(f"https://h/{i}".encode()).decode().rstrip("=") for i in range(count))
        return "/-/".join(f"wm:1/wmu:{mark}" for mark in marks)

    parser = unsigned(max_chained_pipelines=0)
    assert len(parser.parse(f"/_/{pipelines(8)}/plain/x").pictures) == 8
    with pytest.raises(OptionError, match="pictures"):
        parser.parse(f"/_/{pipelines(9)}/plain/x")
    assert parser.parse(f"/_/wm:1/{MARK}/-/wm:1/{MARK}/plain/x").pictures == ("https://other.example/a.png",)
