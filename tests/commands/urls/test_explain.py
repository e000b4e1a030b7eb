"""``mememime explain``: what it prints, and its exit status."""

import json

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from mememime_proxy.commands.urls import explain as explain_command
from mememime_proxy.explain.answers import Answer
from tests.support.ports import reserve_port
from tests.support.wrong_urls import KEY, OTHER_SALT, SALT, SAMPLES, signed

ENV = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "MEMEMIME_LOCAL_FILESYSTEM_ROOT": str(SAMPLES)}
RIGHT = f"http://localhost:8080{signed('rs:fit:300/plain/local:///coffee.jpg@avif')}"
WRONG = f"http://localhost:8080{signed('rs:fil:300/plain/local:///coffee.jpg@avif')}"


def run(*arguments, env=ENV):
    return CliRunner().invoke(main, ["explain", *arguments], env=env)


def test_explain_right_url_shows_its_parts():
    result = run(RIGHT)
    assert result.exit_code == 0
    for text in ("fits: key 1 of 1", "sets resizing_type=fit, width=300", "local:///coffee.jpg, written", "Served"):
        assert text in result.stdout
    assert result.stderr.startswith("Next: ")


def test_explain_wrong_url_marks_the_place_and_fails():
    result = run(WRONG)
    assert result.exit_code == 1
    url, mark, *_ = result.stdout.splitlines()
    assert url[mark.index("^") : len(mark)] == "fil"
    assert "Refused: 404 url.option_invalid, 'Invalid URL'" in result.stdout
    assert "option.argument_invalid, characters 70 to 72" in " ".join(result.stdout.split())


def test_explain_json_has_the_whole_explanation():
    result = run(WRONG, "--json")
    assert result.exit_code == 1
    explanation = json.loads(result.stdout)
    assert explanation["refusal"]["cause"]["id"] == "option.argument_invalid"
    assert explanation["parts"][1]["meaning"] == "fits: key 1 of 1"


def test_explain_accept_and_hints_take_part_in_the_negotiation():
    env = ENV | {"MEMEMIME_AUTO_AVIF": "1", "MEMEMIME_ENABLE_CLIENT_HINTS": "1"}
    url = signed("plain/local:///coffee.jpg")
    result = run(url, "--accept", "image/avif", "--header", "dpr: 2", "--json", env=env)
    explanation = json.loads(result.stdout)
    assert (explanation["format"], explanation["vary"].startswith("Accept, ")) == ("avif", True)
    assert run(url, "--header", "nothing", env=env).exit_code == 2


def test_explain_variables_of_the_signing_site_tell_what_differs(tmp_path):
    file = tmp_path / "site.env"
    file.write_text(f"MEMEMIME_KEY={KEY}\nMEMEMIME_SALT={OTHER_SALT}\n")
    url = signed("plain/local:///coffee.jpg", salt=OTHER_SALT)
    result = run(url, "--signer-env-file", str(file))
    assert "this service's key and another salt" in " ".join(result.stdout.split())


def test_explain_service_that_is_down_is_an_error_with_an_advice():
    with reserve_port() as port:
        result = run(RIGHT, "--server", f"http://127.0.0.1:{port}")
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert "mememime serve" in result.stderr


@pytest.mark.parametrize("arguments", [("--ask",), ("--server", "localhost")])
def test_explain_service_without_an_address_is_a_usage_error(arguments):
    assert run(signed("plain/local:///coffee.jpg"), *arguments).exit_code == 2


def test_explain_without_keys_says_which_variables_are_missing():
    result = run(RIGHT, env={})
    assert (result.exit_code, "MEMEMIME_KEY, MEMEMIME_SALT" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "public_url", "is_sent"),
    [
        (("--ask",), "", False),
        (("--ask",), "https://images.example.com", False),
        (("--ask",), "http://localhost:8080/", True),
        (("--server", "http://127.0.0.1:8080"), "", True),
    ],
)
def test_explain_sends_the_secret_to_a_service_that_the_operator_named_alone(
    arguments, public_url, is_sent, monkeypatch
):
    sent = {}

    def answer(_address, _request, headers, _timeout):
        sent.update(headers)
        return Answer(status=200, text="")

    monkeypatch.setattr(explain_command, "ask", answer)
    result = run(RIGHT, *arguments, env=ENV | {"MEMEMIME_SECRET": "hidden", "MEMEMIME_PUBLIC_URL": public_url})
    assert sent == ({"Authorization": "Bearer hidden"} if is_sent else {})
    assert ("MEMEMIME_SECRET is not sent" in result.stderr) == (not is_sent)


def test_explain_headers_of_the_service_are_one_line_each(monkeypatch):
    headers = {"ETag": '"' + "a" * 200 + '"', "Cache-Control": "public"}
    monkeypatch.setattr(explain_command, "ask", lambda *_: Answer(status=200, text="", headers=headers))
    lines = run(RIGHT, "--server", "http://127.0.0.1:8080").stdout.splitlines()
    assert [line.split() for line in lines[-2:]] == [[name, value] for name, value in headers.items()]
