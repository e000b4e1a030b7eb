"""Request ids: in the log, in the X-Request-ID header and in problem details, the same for one request."""

from __future__ import annotations

import re
import secrets

HEADER = "X-Request-ID"
_VALID = re.compile(r"[A-Za-z0-9_\-]{1,128}", re.ASCII)


def choose_request_id(received: str) -> str:
    """Return the id that a client or a proxy in front sent, where it is valid, else a new random one."""
    return received if _VALID.fullmatch(received) else secrets.token_urlsafe(16)
