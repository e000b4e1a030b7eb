"""The URL of a resource service, as a user gave it."""

from __future__ import annotations

from typing import Final

from yarl import URL

from mememime_proxy.client.errors import ClientError

CHECK_SERVER: Final = "check --server or MEMEMIME_RESOURCES_URL"


def checked_url(url: str) -> str:
    """Return the URL of a service without its last slash. Raises ClientError for one that no request can be sent to."""
    url = url.strip().rstrip("/")
    try:
        parts = URL(url)
    except ValueError as error:
        raise ClientError(f"found the URL {url!r}, which is malformed: {error}; {CHECK_SERVER}") from None
    if parts.user is not None or parts.password is not None:
        raise ClientError(
            "found a user name or a password in the URL of the service, expected an API key beside it"
            " (--key or MEMEMIME_RESOURCES_API_KEY)"
        )
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise ClientError(f"found the URL {url!r}, expected one with http:// or https:// and a host; {CHECK_SERVER}")
    return url
