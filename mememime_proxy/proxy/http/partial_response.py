"""The response to a request for a range of a result of a film or sound (RFC 9110, section 14)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.service.conditional import Representation, if_range_holds
from mememime_proxy.service.ranges import ContentRange, parse_range, unsatisfied_range


def partial_response(
    request_headers: Mapping[str, str], headers: dict[str, str], body: bytes
) -> web.StreamResponse | None:
    """Return 206 with the range, 416 where ``body`` has none of its bytes, or None: the complete body is to be sent.

    ``headers``: of the complete response, with its validators.
    """
    wanted = parse_range(request_headers.get("Range", ""))
    if wanted is None:
        return None
    condition = request_headers.get("If-Range", "").strip()
    current = Representation(headers.get("ETag", ""), headers.get("Last-Modified", ""))
    if condition and not if_range_holds(condition, current):
        return None
    try:
        start, end = wanted.resolve(len(body))
    except RangeNotSatisfiableError:
        return web.Response(status=416, headers={"Content-Range": unsatisfied_range(len(body))})
    part = {name: value for name, value in headers.items() if name != "Content-Length"}
    part["Content-Range"] = str(ContentRange(start, end, len(body)))
    return web.Response(status=206, headers=part, body=body[start:end])
