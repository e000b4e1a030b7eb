"""Checks of the other service over HTTP: whether it answers, accepts the key, and has the same time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import aiohttp

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.service.logs import redact
from mememime_proxy.service.tokens import CLOCK_SKEW
from mememime_proxy.settings.settings import Settings

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_RESOLUTION = 1.0
"""Seconds by which an HTTP date may be off: it has whole seconds."""
_NOTABLE_SKEW = 5.0


async def check_resource_service(settings: Settings) -> AsyncIterator[Finding]:
    """Check the resource service of a proxy: health, clock, and the API key by a look-up of an unknown asset."""
    base = settings.resources_url.rstrip("/")
    async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as http:
        try:
            yield await _clock(http, "peers.resources", base)
            headers = {"Authorization": f"Bearer {settings.resources_api_key}"} if settings.resources_api_key else {}
            async with http.get(f"{base}/assets/{'0' * 64}", headers=headers, allow_redirects=False) as response:
                if response.status in {401, 403}:
                    found = (
                        f"answers {response.status} to MEMEMIME_RESOURCES_API_KEY, expected a key with the role read"
                    )
                    yield wrong("peers.key", base, found)
                elif response.status == 404:
                    yield ok("peers.key", base, "accepts MEMEMIME_RESOURCES_API_KEY")
                else:
                    yield wrong("peers.key", base, f"answers {response.status} to the look-up of an unknown asset")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            yield _unanswered("peers.resources", base, error)


async def check_proxies(settings: Settings) -> AsyncIterator[Finding]:
    """Check the proxies that are sent purges: health and clock."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as http:
        for url in settings.purge_urls:
            # Of a name, one of its addresses is asked.
            base = url.removeprefix("dns+").rstrip("/")
            try:
                yield await _clock(http, "peers.proxy", base)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                yield _unanswered("peers.proxy", base, error)


def _unanswered(check: str, base: str, error: BaseException) -> Finding:
    if isinstance(error, ValueError):
        return wrong(check, redact(base), "no request can be sent to this URL; a password in it is not taken")
    return note(check, redact(base), f"does not answer ({type(error).__name__}): start it, and check the address")


async def _clock(http: aiohttp.ClientSession, check: str, base: str) -> Finding:
    before = time.time()
    async with http.get(f"{base}/health", allow_redirects=False) as response:
        after = time.time()
        date = response.headers.get("Date", "")
        status = response.status
    if status != 200:
        return note(check, base, f"answers {status} to GET /health, expected 200")
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return note(check, base, f"answers 200, with the date {date!r}: the clocks cannot be compared")
    # Their whole second was cut off between both times of ours.
    skew = theirs - after if theirs > after else min(0.0, theirs + _RESOLUTION - before)
    found = f"answers; its clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) > CLOCK_SKEW:
        return wrong(check, base, f"{found}, and tokens are refused beyond {CLOCK_SKEW} s: synchronise both (NTP)")
    if abs(skew) > _NOTABLE_SKEW:
        return note(check, base, f"{found}: synchronise both (NTP)")
    return ok(check, base, "answers; its clock agrees")
