"""The console by HTTP: its page, sign-in, changes with and without proof, signed previews of a running proxy."""

from __future__ import annotations

import json
import re
import secrets
from urllib.request import urlopen

import pytest

from mememime_proxy.service.tokens import SIGN_IN_SCOPE, Tokens
from tests.support.numbered_png import numbered_png
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, TOKEN_KEY, ResourceProcess

PURGE_KEY = "ef" * 32
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    with ResourceProcess(folder, console="true", purge_key=PURGE_KEY) as running:
        yield running


@pytest.fixture(scope="module")
def key(service):
    service.request("PUT", "/tenants/shop", {})
    return service.request("POST", "/keys", {"tenant": "shop", "role": "write"}).json["key"]


def call(service, method, path, body=None, headers=None, cookie=""):
    fields = {**({"Cookie": cookie} if cookie else {}), **(headers or {})}
    return service.request(method, f"/console/api{path}", body, fields, key="")


def sign_in(service, key):
    answer = call(service, "POST", "/session", {"key": key}, SAME)
    assert answer.status == 201, answer.body
    return answer.headers["Set-Cookie"].partition(";")[0], {**SAME, "X-CSRF-Token": answer.json["csrf_token"]}


def test_page_has_its_own_policy_and_files_last(service):
    assert service.request("GET", "/", key="").headers["Location"] == "/console/"
    for path in ("/console/", "/console/upload", "/console/aliases/a/b"):
        page = service.request("GET", path, key="")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert page.headers.getall("Content-Security-Policy") == [page.headers["Content-Security-Policy"]]
        assert "require-trusted-types-for 'script'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cross-Origin-Opener-Policy"] == page.headers["Referrer-Policy"] == "same-origin"
    script = re.search(r'src="([^"]+)"', page.body.decode())[1]
    file = service.request("GET", script, key="")
    assert (file.status, file.headers["Content-Type"]) == (200, "text/javascript")
    assert "immutable" in file.headers["Cache-Control"]
    assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert service.request("GET", "/console/static/..%2fpages.py", key="").status == 404


def test_session_reaches_the_api_and_ends_with_logout(service, key):
    cookie, proof = sign_in(service, key)
    assert call(service, "GET", "/session", cookie=cookie).json["tenant"] == "shop"
    assert call(service, "GET", "/assets", cookie=cookie).status == 200
    assert call(service, "GET", "/assets").status == 401
    assert service.request("GET", "/assets", headers={"Cookie": cookie}, key="").status == 401
    assert call(service, "GET", "/keys", cookie=cookie).status == 403
    body = numbered_png(9)
    headers = {**proof, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(body))}
    upload = call(service, "POST", "/uploads", b"", headers, cookie)
    assert upload.headers["Location"].startswith("/console/api/uploads/")
    ended = call(service, "DELETE", "/session", headers=proof, cookie=cookie)
    assert ended.status == 204
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert call(service, "GET", "/session", cookie=cookie).status == 401


def test_cookie_is_for_this_origin_alone_and_new_at_each_login(service, key):
    planted = "mememime=planted"
    answer = call(service, "POST", "/session", {"key": key}, SAME, cookie=planted)
    name, *flags = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("mememime=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert call(service, "GET", "/session", cookie=planted).status == 401
    assert key not in json.dumps(dict(answer.headers)) + answer.body.decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: {},
        lambda proof: {"X-CSRF-Token": proof["X-CSRF-Token"]},
        lambda proof: {**proof, "Sec-Fetch-Site": "cross-site"},
        lambda proof: {**proof, "Sec-Fetch-Site": "same-site"},
        lambda proof: {**proof, "Origin": "http://evil.example"},
        lambda proof: {**proof, "X-CSRF-Token": "0" * 64},
    ],
)
def test_change_without_proof_is_refused(service, key, change):
    cookie, proof = sign_in(service, key)
    for method, path in (("PUT", "/assets"), ("DELETE", "/session"), ("POST", "/assets/exists")):
        answer = call(service, method, path, {"sha256": []}, change(proof), cookie)
        assert answer.status == 403, (method, path)
    assert call(service, "POST", "/assets/exists", {"sha256": []}, proof, cookie).status == 200


def test_login_from_elsewhere_is_refused(service, key):
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {**SAME, "Origin": "http://evil.example"}):
        assert call(service, "POST", "/session", {"key": key}, headers).status == 403
    plain = call(service, "POST", "/session", {"key": key}, {**SAME, "Host": "assets.example"})
    assert (plain.status, "HTTPS" in plain.json["detail"]) == (400, True)
    secure = {**SAME, "Host": "assets.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.9"}
    answer = call(service, "POST", "/session", {"key": key}, secure)
    assert answer.headers["Set-Cookie"].startswith("__Host-mememime=")
    assert answer.headers["Set-Cookie"].endswith("; Secure")


def test_link_signs_in_once_on_this_machine(service):
    def link():
        return Tokens(bytes.fromhex(TOKEN_KEY), SIGN_IN_SCOPE).issue({"id": secrets.token_hex(16)})

    token = link()
    far = {**SAME, "Host": "assets.example", "X-Forwarded-Proto": "https"}
    assert call(service, "POST", "/session", {"link": token}, far).status == 401
    assert call(service, "POST", "/session", {"link": token}, SAME).json["role"] == "admin"
    assert call(service, "POST", "/session", {"link": token}, SAME).status == 401


def test_previews_are_signed_by_the_proxy_for_what_the_caller_sees(service, key, tmp_path):
    sha256 = service.request("PUT", "/assets", numbered_png(77), key=key).json["sha256"]
    foreign = service.upload(numbered_png(78))
    cookie, proof = sign_in(service, key)
    body = {
        "items": [
            {"source": f"asset://{sha256}", "options": ["rs:fill:8:8"], "format": "webp"},
            {"source": f"asset://{sha256}", "options": ["x:1"]},
        ]
    }
    unavailable = call(service, "POST", "/sign", body, proof, cookie)
    assert (unavailable.status, unavailable.json["type"].rpartition("/")[2]) == (400, "request.invalid")
    with (
        ProxyProcess(tmp_path / "proxy", key=KEY, salt=SALT, purge_key=PURGE_KEY, **service.proxy_settings()) as proxy,
        ResourceProcess(
            tmp_path, console="true", purge_key=PURGE_KEY, purge_urls=proxy.base,
            **{name: service.settings[f"MEMEMIME_{name.upper()}"] for name in ("database_url", "assets_storage")},
        ) as second,
    ):  # fmt: skip
        signed = call(second, "POST", "/sign", body, proof, cookie)
        assert signed.status == 200, signed.body
        good, bad = signed.json["urls"]
        with urlopen(proxy.base + good["url"]) as picture:
            assert picture.headers["Content-Type"].startswith("image/")
        assert (bad["code"], "url" in bad) == ("url.option_invalid", False)
        for source, status in (
            (f"asset://{foreign}", 404),
            ("https://a.example/x", 403),
            ("alias://none", 404),
            ("", 400),
        ):
            refused = call(second, "POST", "/sign", {"items": [{"source": source}]}, proof, cookie)
            assert refused.status == status, source


def test_eleventh_wrong_login_is_429(tmp_path):
    with ResourceProcess(tmp_path, console="true") as service:
        statuses = [call(service, "POST", "/session", {"key": f"wrong{n}"}, SAME).status for n in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        right = call(service, "POST", "/session", {"key": ADMIN_KEY}, SAME)
        assert (right.status, "Retry-After" in right.headers) == (429, True)
        behind = {**SAME, "Host": "assets.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.1.1.1, 2.2.2.2"}
        assert call(service, "POST", "/session", {"key": ADMIN_KEY}, behind).status == 201


def test_without_the_setting_there_is_no_console(tmp_path):
    with ResourceProcess(tmp_path) as service:
        for path in ("/", "/console", "/console/", "/console/static/main.js", "/console/api/session"):
            assert service.request("GET", path, key="").status == 404, path
