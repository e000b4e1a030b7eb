"""What no request can be sent to is said in a sentence, before one is sent."""

import pytest

from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.transfer.service_url import checked_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        (" https://uploads.example.com/media/\n", "https://uploads.example.com/media"),
        ("http://[::1]:8081/", "http://[::1]:8081"),
    ],
)
def test_url_is_taken_without_white_space_and_last_slash(url, expected):
    assert checked_url(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "with http:// or https:// and a host"),
        ("uploads.example.com", "with http:// or https:// and a host"),
        ("ftp://uploads.example.com", "with http:// or https:// and a host"),
        ("http://", "with http:// or https:// and a host"),
        ("http://:80", "malformed"),
        ("http://localhost:99999", "malformed"),
        ("http://localhost:port", "malformed"),
        ("http://[::1", "malformed"),
        ("http://user:password@localhost", "a user name or a password in the URL"),
    ],
)
def test_malformed_url_is_refused_and_its_password_is_not_shown(url, reason):
    with pytest.raises(ClientError, match=reason) as caught:
        checked_url(url)
    assert "user:password" not in str(caught.value)
