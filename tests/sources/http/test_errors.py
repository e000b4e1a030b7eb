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
def test_each_exception_of_aiohttp_has_a_source_error(kind, monkeypatch):
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


def test_each_error_number_has_a_source_error():
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
def test_error_before_a_connection_is_unreachable(error):
    assert type(translate_error(error)) is errors.SourceUnreachableError


def test_blocked_address_in_a_wrapped_error_is_forbidden():
    outer = OSError("outer")
    outer.__cause__ = aiohttp.ClientConnectorError(KEY, AddressBlockedError())
    assert type(translate_error(outer)) is errors.SourceForbiddenError


def test_source_error_is_returned_unchanged():
    own = errors.SourceTooLargeError("too large")
    assert translate_error(own) is own


@pytest.mark.parametrize("error", [ZeroDivisionError(), RuntimeError("mistake"), KeyError("x")])
def test_bug_of_this_program_is_raised(error):
    with pytest.raises(type(error)):
        translate_error(error)


def test_public_text_contains_no_detail():
    assert "10.0.0.1" not in translate_error(OSError(errno.ECONNREFUSED, "10.0.0.1 refused")).public
