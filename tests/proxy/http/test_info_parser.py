"""Targets of descriptions."""

import pytest

from mememime_proxy.errors import OptionError, PathError, SignatureError
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.proxy.http.info_parser import InfoParser
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.settings.settings import load
from mememime_proxy.urls.signature import Signer
from tests.support.proxy_process import KEY, SALT

PATH = "/s:0/plain/local:///film.mp4"


def make_parser(**settings):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    return InfoParser(load({"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, **variables}), VariantKeys("x"))


def signed(path):
    return f"/{Signer(((bytes.fromhex(KEY), bytes.fromhex(SALT)),)).sign(path)}{path}"


def test_signature_covers_what_follows_it():
    parsed = make_parser().parse(signed(PATH))
    assert parsed.plan.source == "local:///film.mp4"
    assert not parsed.plan.info.size
    assert parsed.plan.info.format
    with pytest.raises(SignatureError):
        make_parser().parse(signed(PATH).replace("s:0", "s:1"))


def test_descriptions_of_different_parts_have_different_keys():
    parser = make_parser()
    keys = {
        parser.parse(signed(f"/{options}plain/local:///a")).key for options in ("", "s:0/", "f:0/", "d:0/", "vm:0/")
    }
    assert len(keys) == 5


def test_extension_is_refused():
    with pytest.raises(PathError, match="has none"):
        make_parser().parse(signed("/plain/local:///film.mp4@png"))


def test_presets_and_allowed_options_of_pictures_do_not_count():
    parser = make_parser(presets="default=w:10", allowed_processing_options="w", skip_processing_formats="jpeg")
    plan = parser.parse(signed(PATH)).plan
    assert plan.width == 0
    assert plan.skip_processing == ()
    with pytest.raises(OptionError):
        parser.parse(signed("/w:10/plain/local:///film.mp4"))


def test_descriptions_have_presets_and_allowed_options_of_their_own(tmp_path):
    file = tmp_path / "presets"
    file.write_text("hashes=phash:1/th:1\n")
    parser = make_parser(
        info_presets="default=s:0,colours=p:8", info_presets_path=str(file), allowed_info_options="pr,avg"
    )
    fields = parser.parse(signed("/pr:hashes:colours/avg:1/plain/local:///a")).plan.info
    assert (fields.size, fields.perceptual_hash, fields.palette, fields.average) == (False, True, 8, True)
    with pytest.raises(OptionError, match="not allowed"):
        parser.parse(signed("/bands:1/plain/local:///a"))
    only = make_parser(info_presets="colours=p:8", info_only_presets="true")
    assert only.parse(signed("/colours/plain/local:///a")).plan.info.palette == 8


def test_what_is_private_in_uploads_is_not_told_where_originals_are_not_given_out():
    parser = make_parser(original_policy="strip")
    assert parser.parse(signed("/plain/alias:///a")).plan.original_policy is OriginalPolicy.STRIP
    assert parser.parse(signed("/plain/local:///a")).plan.original_policy is OriginalPolicy.ALLOW
