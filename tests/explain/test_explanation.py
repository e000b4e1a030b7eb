"""The cause of wrong URLs, and the meaning of right ones."""

import pytest

from mememime_proxy.explain.explanation import explain
from mememime_proxy.urls import UrlBuilder
from tests.support.wrong_urls import (
    ENCRYPTION_KEY,
    KEY,
    OTHER_KEY,
    OTHER_SALT,
    SALT,
    WRONG_URLS,
    settings_of,
    signed,
)


@pytest.mark.parametrize("wrong", WRONG_URLS, ids=lambda wrong: wrong.name)
def test_cause_of_a_wrong_url_is_named(wrong):
    refusal = explain(f"http://localhost:8080{wrong.path}", settings_of(**wrong.settings)).refusal
    assert refusal is not None
    assert (refusal.cause.id, refusal.status, refusal.code) == (wrong.cause, wrong.status, wrong.code)
    assert refusal.cause.text
    assert refusal.cause.remedy.endswith((".", wrong.path.partition("/")[2].partition("/")[2] + "'")) or "--path" in (
        refusal.cause.remedy
    )


def test_wrong_urls_are_of_more_than_thirty_kinds():
    assert len({wrong.cause for wrong in WRONG_URLS}) >= 30


def parts_of(explanation, kind):
    return [part for part in explanation.parts if part.kind == kind]


def test_parts_of_a_right_url_have_their_place_meaning_and_effect():
    settings = settings_of(presets="default=q:70,card=rs:fill:300:200/g:sm")
    url = f"http://localhost:8080{signed('pr:card/w:50/plain/local:///coffee.jpg@webp')}"
    explanation = explain(url, settings)
    assert explanation.refusal is None
    for part in explanation.parts:
        assert part.start == part.end or url[part.start : part.end] == part.text
    assert [(part.text, part.sets) for part in parts_of(explanation, "preset")] == [("default", {"quality": "70"})]
    card, width = parts_of(explanation, "option")
    assert card.meaning == "preset card: rs:fill:300:200/g:sm"
    assert card.sets.items() >= {"width": "300", "height": "200", "gravity.type": "sm"}.items()
    assert width.sets == {"width": "50"}
    assert parts_of(explanation, "signature")[0].meaning == "fits: key 1 of 1"
    assert parts_of(explanation, "source")[0].meaning.startswith("local:///coffee.jpg, written as plain text, a file")
    assert (explanation.source, explanation.format) == ("local:///coffee.jpg", "webp")


def test_parts_of_presets_alone_are_presets():
    settings = settings_of(presets="a=w:10,b=h:20/w:30", only_presets="1")
    explanation = explain(signed("a:b/plain/local:///coffee.jpg"), settings)
    assert [(part.text, part.sets) for part in parts_of(explanation, "preset")] == [
        ("a", {"width": "10"}),
        ("b", {"height": "20", "width": "30"}),
    ]


@pytest.mark.parametrize("form", ["plain", "base64", "enc", "enc2"])
def test_source_is_decoded_in_every_form(form):
    builder = UrlBuilder("", KEY, SALT, encryption_key=ENCRYPTION_KEY)
    builder = {"plain": builder.plain, "base64": builder.base64}.get(form, lambda: builder.encrypted(cipher=form))()
    explanation = explain(
        builder.build("local:///coffee.jpg", "png"), settings_of(source_url_encryption_key=ENCRYPTION_KEY)
    )
    (source,) = parts_of(explanation, "source")
    assert source.meaning.startswith("local:///coffee.jpg, written ")
    assert not source.text.endswith(("png", ".", "@"))
    assert explanation.refusal is None


@pytest.mark.parametrize(
    ("settings", "accept", "extension", "result", "vary"),
    [
        ({}, "image/avif,image/webp", "", "jpeg", ""),
        ({"auto_webp": "1"}, "image/avif,image/webp", "", "webp", "Accept"),
        ({"auto_webp": "1", "auto_avif": "1"}, "image/avif,image/webp", "", "avif", "Accept"),
        ({"auto_avif": "1"}, "image/avif;q=0", "", "jpeg", "Accept"),
        ({"auto_avif": "1"}, "image/avif", "png", "png", ""),
        ({"enforce_avif": "1"}, "image/avif", "png", "avif", "Accept"),
    ],
)
def test_result_follows_the_negotiation(settings, accept, extension, result, vary):
    url = UrlBuilder("", KEY, SALT).build("local:///coffee.jpg", extension)
    explanation = explain(url, settings_of(**settings), headers={"Accept": accept})
    assert (explanation.format, explanation.vary) == (result, vary)


def test_result_of_an_original_without_extension_depends_on_it():
    settings = settings_of(resources_url="http://localhost:1", assets_storage="/tmp")
    explanation = explain(signed("plain/alias://cup"), settings)
    assert explanation.format.startswith("the format of the original, if it is jpeg, png")


def test_keys_of_the_signing_site_tell_a_wrong_key_from_a_wrong_salt():
    ours, other = (bytes.fromhex(KEY), bytes.fromhex(SALT)), (bytes.fromhex(OTHER_KEY), bytes.fromhex(OTHER_SALT))
    for key, salt, cause in (
        (other[0], ours[1], "signature.wrong_key"),
        (ours[0], other[1], "signature.wrong_salt"),
        (*other, "signature.wrong_key"),
    ):
        url = signed("plain/local:///coffee.jpg", key.hex(), salt.hex())
        assert explain(url, settings_of(), signer=((key, salt),)).refusal.cause.id == cause
    url = signed("plain/local:///tea.jpg").replace("tea", "coffee")
    assert explain(url, settings_of(), signer=(ours,)).refusal.cause.id == "signature.of_another_path"
    assert explain(url, settings_of()).refusal.cause.id == "signature.other_key"


def test_url_with_two_faults_has_the_second_as_a_note():
    explanation = explain("/unsafe/rs:fil:1/plain/local:///coffee.jpg", settings_of())
    assert explanation.refusal.cause.id == "signature.unsafe_not_allowed"
    assert any("option.argument_invalid" in note for note in explanation.notes)


def test_place_of_a_wrong_argument_is_its_characters():
    url = f"https://images.example.com{signed('w:5/rs:fil:300/plain/local:///coffee.jpg')}"
    cause = explain(url, settings_of()).refusal.cause
    assert url[cause.start : cause.end] == "fil"


@pytest.mark.parametrize(
    ("written", "note"),
    [("  {}\n", "white space"), ('"{}"', "quotes"), ("{}#é", "browsers send nothing"), ("{}?v=1", "is ignored")],
)
def test_text_around_a_url_is_a_note(written, note):
    explanation = explain(written.format(signed("plain/local:///coffee.jpg")), settings_of())
    assert explanation.refusal is None
    assert note in explanation.notes[0]


def test_unsigned_url_of_a_service_without_keys_is_served():
    settings = settings_of(key="", salt="", allow_unsigned="1")
    explanation = explain("/unsafe/plain/local:///coffee.jpg", settings)
    assert explanation.refusal is None
    assert "not checked" in parts_of(explanation, "signature")[0].meaning


def test_rotated_key_is_named():
    settings = settings_of(key=f"{OTHER_KEY},{KEY}", salt=f"{OTHER_SALT},{SALT}")
    explanation = explain(signed("plain/local:///coffee.jpg"), settings)
    assert parts_of(explanation, "signature")[0].meaning == "fits: key 2 of 2"


def test_format_whose_extra_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("mememime_proxy.formats._installed", lambda _module: False)
    refusal = explain(signed("plain/local:///coffee.jpg@jxl"), settings_of()).refusal
    assert (refusal.status, refusal.cause.id) == (422, "format.unavailable")
    assert "'jxl'" in refusal.cause.remedy


def test_url_with_a_space_is_explained_as_clients_send_it():
    explanation = explain(signed("plain/local:///a%20b.jpg").replace("%20", " "), settings_of())
    assert explanation.url.endswith("/a%20b.jpg")
    assert explanation.refusal.cause.id == "source.not_found"
    assert "percent-encode" in explanation.notes[0]
