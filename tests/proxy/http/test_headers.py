import time
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.headers import (
    cache_control,
    cache_tags,
    caching_headers,
    canonical_link,
    content_disposition,
    last_modified,
    raw_disposition,
)
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState

NOW = 1_700_000_000.0


def settings(**values: str):
    return load({"MEMEMIME_ALLOW_UNSIGNED": "1", **{f"MEMEMIME_{k.upper()}": v for k, v in values.items()}})


def control(plan=Plan(), ttl=0, source=("", ""), **values):  # noqa: B008
    return cache_control(
        settings(**values), plan, now=NOW, source_cache_control=source[0], source_expires=source[1], ttl=ttl
    )


def test_cache_control_without_other_limits_is_the_ttl():
    assert control() == "max-age=31536000, public"
    assert cache_control(settings(ttl="60"), Plan(), now=NOW) == "max-age=60, public"
    assert cache_control(settings(ttl="0"), Plan(), now=NOW) == "no-cache"


@pytest.mark.parametrize(
    ("left", "expected"), [(100, "max-age=100, public"), (1, "max-age=1, public"), (0.5, "no-cache")]
)
def test_max_age_ends_with_the_url(left, expected):
    assert control(Plan(expires=int(NOW + left) if left >= 1 else int(NOW))) == expected


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_max_age_of_the_source_ends_with_the_url(left, theirs, ttl):
    plan = Plan(expires=int(NOW) + left)
    value = control(plan, source=(f"max-age={theirs}", ""), cache_control_passthrough="1", ttl=ttl)
    assert value == "no-cache" or int(value.split("=")[1].split(",")[0]) <= left


def test_cache_control_of_the_source_counts_with_passthrough():
    assert control(source=("max-age=5, private", "")) == "max-age=31536000, public"
    assert control(source=("max-age=5, private", ""), cache_control_passthrough="1") == "max-age=5, private"
    expires = "Tue, 14 Nov 2023 22:13:50 GMT"  # 30 s after NOW
    assert control(source=("", expires), cache_control_passthrough="1") == "max-age=30, public"
    assert control(source=("", "0"), cache_control_passthrough="1") == "max-age=31536000, public"


@pytest.mark.parametrize(
    ("source", "filename", "expected"),
    [
        ("http://a/b/cat.jpg", "", 'inline; filename="cat.webp"'),
        ("http://a/b/cat.tar.gz?x=/evil.exe", "", 'inline; filename="cat.tar.webp"'),
        ("http://a/", "", 'inline; filename="image.webp"'),
        ("local:///a%22b?v1.png", "", 'inline; filename="a%22b.webp"'),
        ("http://a/x", 'my "cat"', 'inline; filename="my %22cat%22.webp"'),
        ("http://a/x", "../../etc/passwd", 'inline; filename="_.._etc_passwd.webp"'),
        ("http://a/x", "кот", "inline; filename=\"___.webp\"; filename*=UTF-8''%D0%BA%D0%BE%D1%82.webp"),
        ("http://a/x", "a\r\nSet-Cookie: b=c", 'inline; filename="aSet-Cookie: b=c.webp"'),
        ("http://a/x", "\u202egpj.exe", 'inline; filename="gpj.exe.webp"'),
    ],
)
def test_d4_content_disposition_has_a_safe_file_name(source, filename, expected):
    assert content_disposition(Plan(source=source, filename=filename), ".webp") == expected


@given(st.text(max_size=500))
def test_d4_content_disposition_is_one_short_ascii_line(name):
    value = content_disposition(Plan(filename=name, return_attachment=True), ".jpg")
    assert value.startswith("attachment; ")
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("http://a/film.mp4?x=.exe", 'inline; filename="film.mp4"'),
        ("http://a/film.%0d%0aSet-Cookie:x", 'inline; filename="film.Set-Cookie:x"'),
        ("http://a/film.%E2%80%AE4pm", 'inline; filename="film.4pm"'),
        ('http://a/film.%22;x="', 'inline; filename="film.%22;x=%22"'),
        ("http://a/film." + "x" * 4096, 'inline; filename="film"'),
        ("local:///film.\U0001f4a5", "inline; filename=\"film._\"; filename*=UTF-8''film.%F0%9F%92%A5"),
    ],
)
def test_d4_raw_disposition_has_a_safe_extension(source, expected):
    assert raw_disposition(Plan(source=source)) == expected


def test_last_modified_is_raised_to_the_buster():
    old, new = "Sun, 06 Nov 1994 08:49:37 GMT", "Tue, 02 Jan 2024 03:04:05 GMT"
    assert last_modified(settings(), old) == old
    moved = settings(last_modified_buster="2024-01-02T03:04:05Z")
    assert last_modified(moved, old) == new
    assert last_modified(settings(use_last_modified="0"), old) == ""
    assert last_modified(settings(), "yesterday") == ""


def test_canonical_link_is_escaped():
    on = settings(set_canonical_header="1")
    assert canonical_link(settings(), Plan(source="http://a/b")) == ""
    assert canonical_link(on, Plan(source="local:///b")) == ""
    value = canonical_link(on, Plan(source='http://a/b>; rel="x"\r\n c'))
    assert value == '<http://a/b%3E;%20rel=%22x%22%0D%0A%20c>; rel="canonical"'


def test_caching_headers_have_etag_date_and_vary():
    headers = caching_headers(
        settings(), Plan(), vary="Accept", etag='"e"', state=SourceState("", "Sun, 06 Nov 1994 08:49:37 GMT")
    )
    assert headers == {
        "Cache-Control": "max-age=31536000, public",
        "Vary": "Accept",
        "ETag": '"e"',
        "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT",
    }


def test_caching_headers_of_an_expiring_url_have_its_expiry():
    now = time.time()
    ending = Plan(expires=int(now) + 60)
    headers = caching_headers(settings(), ending, vary="")
    assert parsedate_to_datetime(headers["Expires"]).timestamp() == ending.expires
    assert headers["X-Accel-Expires"] == f"@{ending.expires - 1}"
    kept_shorter = caching_headers(settings(ttl="30"), ending, vary="")
    assert now + 29 <= parsedate_to_datetime(kept_shorter["Expires"]).timestamp() <= now + 32
    assert "Expires" not in caching_headers(settings(), Plan(expires=int(now) - 1), vary="")
    assert {"Expires", "X-Accel-Expires"}.isdisjoint(caching_headers(settings(), Plan(), vary=""))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "max-age=60, public"),
        ({"alias_ttl": "5", "nginx_cache_path": "/cache"}, "max-age=5, s-maxage=31536000, public"),
        ({"alias_ttl": "0", "nginx_cache_path": "/cache"}, "max-age=0, s-maxage=31536000, public"),
        ({"alias_ttl": "0"}, "no-cache"),
        ({"ttl": "30"}, "max-age=30, public"),
    ],
)
def test_cache_control_of_an_alias_is_short_for_caches_that_cannot_be_purged(more, expected):
    assert control(Plan(source="alias://a"), **more) == expected


def test_cache_control_of_a_stale_alias_is_its_ttl():
    assert control(Plan(source="alias://a"), ttl=10, nginx_cache_path="/cache") == "max-age=10, public"
    assert control(Plan(source="asset://" + "a" * 64)) == "max-age=31536000, public"


@pytest.mark.parametrize(
    ("values", "source", "expected"),
    [
        ({}, "", "max-age=3600, public"),
        ({"ttl": "60"}, "", "max-age=60, public"),
        ({"ttl": "0"}, "", "no-cache"),
        ({}, "max-age=999999", "max-age=3600, public"),
        ({"cache_control_passthrough": "1"}, "max-age=999999", "max-age=999999"),
    ],
)
def test_i1_cache_control_of_a_damaged_variant_is_an_hour_at_most(values, source, expected):
    found = cache_control(settings(**values), Plan(), now=NOW, source_cache_control=source, damaged=True)
    assert found == expected


def test_i1_cache_control_of_a_damaged_variant_ends_with_its_url():
    plan = Plan(expires=int(NOW) + 7200)
    assert cache_control(settings(), plan, now=NOW, damaged=True) == "max-age=3600, public"
    assert cache_control(settings(), Plan(expires=int(NOW) + 5), now=NOW, damaged=True) == "max-age=5, public"


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("none", {}),
        ("cloudflare", {"Cache-Tag": "a,b"}),
        ("cloudfront", {"x-amz-meta-cache-tag": "a,b"}),
        ("all", {"Cache-Tag": "a,b", "x-amz-meta-cache-tag": "a,b", "Surrogate-Key": "a b"}),
    ],
)
def test_cache_tags_are_in_the_headers_of_the_cdn(format_, expected):
    assert cache_tags(settings(cache_tags_format=format_), "a", "b") == expected
