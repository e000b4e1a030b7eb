from __future__ import annotations

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.urls.sign import sign
from tests.support.url_strategies import ENCRYPTION_KEY, KEY, NOW, SALT, signed

KEYS = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT}
PARSER = signed(source_url_encryption_key=bytes.fromhex(ENCRYPTION_KEY))


def run(*arguments, env=KEYS):
    return CliRunner().invoke(sign, arguments, env=env)


def test_sign_source_with_options_is_a_valid_url():
    result = run("local:///cat.jpg", "rs:fill:300:200", "g:sm", "-f", "webp", "--base-url", "https://i.example.com/")
    assert result.exit_code == 0
    plan = PARSER.parse(result.output.strip().removeprefix("https://i.example.com"), now=NOW)
    assert (plan.source, plan.width, plan.format) == ("local:///cat.jpg", 300, "webp")


@pytest.mark.parametrize(
    ("flag", "segment"), [("--plain", "plain"), ("--base64", "bG9j"), ("--encrypt", "enc2"), ("--encrypt-cbc", "enc")]
)
def test_sign_form_of_the_source_is_used(flag, segment):
    result = run("local:///cat.jpg", flag, "--encryption-key", ENCRYPTION_KEY)
    assert result.output.split("/")[2].startswith(segment)
    assert PARSER.parse(result.output.strip(), now=NOW).source == "local:///cat.jpg"


def test_sign_path_is_signed_unchanged():
    env = {"IMGPROXY_KEY": "736563726574,00", "IMGPROXY_SALT": "68656C6C6F,00"}
    path = "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"
    assert run("--path", path, env=env).output == f"/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8{path}\n"


def test_sign_our_variables_win_over_those_of_imgproxy():
    ours = run("local:///x", env={**KEYS, "IMGPROXY_KEY": "00", "IMGPROXY_SALT": "00"})
    assert PARSER.parse(ours.output.strip(), now=NOW)


def test_sign_srcset_has_a_url_for_each_candidate():
    result = run("local:///x", "--srcset", "320,640")
    assert [entry.split(" ")[1] for entry in result.output.strip().split(", ")] == ["320w", "640w"]
    assert run("local:///x", "--densities", "1,1.5").output.strip().endswith(" 1.5x")


def test_sign_unsigned_url_has_no_signature():
    assert run("local:///x", "--unsigned", env={}).output == "/unsafe/plain/local:///x\n"


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        ((), KEYS, "either a source or --path"),
        (("local:///x", "--path", "/x"), KEYS, "either a source or --path"),
        (("--path", "/x", "-f", "png"), KEYS, "as it is"),
        (("local:///x",), {}, "a key and a salt"),
        (("local:///x",), {"MEMEMIME_KEY": KEY}, "a key and a salt"),
        (("local:///x",), {"MEMEMIME_KEY": "xyz", "MEMEMIME_SALT": SALT}, "hexadecimal"),
        (("local:///x", "w:wide"), KEYS, "expected a whole number"),
        (("local:///x", "nonsense:1"), KEYS, "unknown option"),
        (("local:///x", "width"), KEYS, "found no arguments"),
        (("local:///x", "--srcset", "a"), KEYS, "expected numbers"),
        (("local:///x", "--encrypt"), KEYS, "encryption key"),
        (("local:///x", "-f", "docx"), KEYS, "unknown format"),
    ],
)
def test_sign_invalid_arguments_are_explained(arguments, env, said):
    result = run(*arguments, env=env)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("source", ["coffee.jpg", "/coffee.jpg", "photos/coffee.jpg", "http:/coffee.jpg"])
def test_sign_name_without_a_scheme_says_what_to_write(source):
    result = run(source)
    assert result.exit_code == 2
    text = " ".join(result.output.split())
    assert "no scheme" in text
    for advice in ("https://example.com/", "local:///", "s3://bucket/", "alias://coffee", "MEMEMIME_BASE_URL"):
        assert advice in text


def test_sign_name_of_a_file_below_the_root_is_made_a_local_source(tmp_path):
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "cat.jpg").touch()
    (tmp_path / "outside.jpg").touch()
    env = {**KEYS, "MEMEMIME_LOCAL_FILESYSTEM_ROOT": str(tmp_path / "root")}
    for source in ("sub/cat.jpg", str(tmp_path / "root" / "sub" / "cat.jpg"), "root/sub/cat.jpg"):
        result = run(source, env=env)
        assert PARSER.parse(result.stdout.strip(), now=NOW).source == "local:///sub/cat.jpg"
        assert result.stderr == "the source is local:///sub/cat.jpg\n"
    assert run("outside.jpg", env=env).exit_code == 2
    assert run("../outside.jpg", env=env).exit_code == 2


def test_sign_name_is_left_alone_where_the_service_completes_it():
    for settings in (
        {"MEMEMIME_BASE_URL": "https://example.com/"},
        {"IMGPROXY_URL_REPLACEMENTS": "photos/=s3://bucket/"},
    ):
        result = run("photos/cat.jpg", env={**KEYS, **settings})
        assert PARSER.parse(result.stdout.strip(), now=NOW).source == "photos/cat.jpg"


def test_sign_public_url_of_the_service_is_put_in_front():
    result = run("local:///x", env={**KEYS, "MEMEMIME_PUBLIC_URL": "http://localhost:8080"})
    assert result.output.startswith("http://localhost:8080/")
