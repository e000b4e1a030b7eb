"""Every error that aiohttp, the event loop or the system can end a fetch with is one of ours."""

import errno
import os
import socket
import ssl
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import http_exceptions

from mememime_proxy import errors
from mememime_proxy.sources.http.errors import EXHAUSTED, translate_error
from mememime_proxy.sources.http.resolver import AddressBlockedError

KEY = SimpleNamespace(host="name.example", port=443, ssl=True, is_ssl=True)


def below(kind):
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def made(kind):
    """An instance of an exception class that wants to be made with all sorts of things."""
    error = kind.__new__(kind)
    if isinstance(error, aiohttp.ClientConnectorError):
        aiohttp.ClientConnectorError.__init__(error, KEY, OSError(errno.ECONNREFUSED, "refused"))
        error._path = "/socket"
        error._certificate_error = ssl.CertificateError("wrong name")
    else:
        Exception.__init__(error, 1, "detail")
    return error


CLIENT = {kind for root in (aiohttp.ClientError, http_exceptions.HttpProcessingError) for kind in below(root)}
NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.RedirectClientError,
               aiohttp.NonHttpUrlClientError, aiohttp.TooManyRedirects, aiohttp.ServerFingerprintMismatch)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(CLIENT, key=lambda kind: (kind.__qualname__, kind.__module__)))
def test_every_error_of_the_client_is_one_of_ours(kind, monkeypatch):
    if not issubclass(kind, aiohttp.ClientConnectorError):
        monkeypatch.setattr(kind, "__str__", Exception.__str__)  # they tell about what they were not given here
    found = type(translate_error(made(kind)))
    if issubclass(kind, TimeoutError):
        assert found is errors.SourceTimeoutError
    elif issubclass(kind, aiohttp.ClientPayloadError):
        assert found is errors.SourceIncompleteError
    elif issubclass(kind, NOT_REACHED):
        assert found is errors.SourceUnreachableError
    else:
        assert found is errors.SourceResponseError


def test_every_number_of_the_system_is_one_of_ours():
    for number, name in errno.errorcode.items():
        expected = errors.SourceUnreachableError
        if number in EXHAUSTED:
            expected = errors.OverloadError
        elif number == errno.ETIMEDOUT:
            expected = errors.SourceTimeoutError
        bare = OSError(number, os.strerror(number))
        assert type(translate_error(bare)) is expected, name
        assert type(translate_error(aiohttp.ClientConnectorError(KEY, bare))) is expected, name


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_AGAIN, "try again"),
        ssl.SSLError(1, "bad record"),
        ssl.CertificateError("wrong name"),
        UnicodeError("label too long"),
        ValueError("no URL"),
    ],
)
def test_what_happens_before_a_connection_leaves_the_source_unreachable(error):
    assert type(translate_error(error)) is errors.SourceUnreachableError


def test_a_blocked_address_is_found_below_what_wraps_it():
    outer = OSError("outer")
    outer.__cause__ = aiohttp.ClientConnectorError(KEY, AddressBlockedError())
    assert type(translate_error(outer)) is errors.SourceForbiddenError


def test_our_own_errors_stay_what_they_are():
    own = errors.SourceTooLargeError("too large")
    assert translate_error(own) is own


@pytest.mark.parametrize("error", [ZeroDivisionError(), RuntimeError("mistake"), KeyError("x")])
def test_a_mistake_of_ours_stays_visible(error):
    with pytest.raises(type(error)):
        translate_error(error)


def test_nothing_about_the_inside_is_told_to_clients():
    assert "10.0.0.1" not in translate_error(OSError(errno.ECONNREFUSED, "10.0.0.1 refused")).public
