"""The resource service, dying of itself: ``python -m tests.resources.mortal resources``.

A request with the header ``X-Mortal: N`` has the process killed, as by ``kill -9``, just before the N-th thing from
then on that outlives it: a write, sync, link or removal of a file, a statement or commit of the database, a request to
the object storage, the answer itself. The next request without the header has it live on.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from sqlalchemy import event
from sqlalchemy.engine import Engine

from mememime_proxy.cli import main
from mememime_proxy.resources.endpoints import Endpoints

_CALLS = ("write", "pwrite", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir", "rmdir", "setxattr", "truncate")
_left = 0


def point(*_: Any) -> None:
    """Something is about to be done that lasts."""
    global _left  # noqa: PLW0603 - one countdown for the process
    if _left > 0:
        _left -= 1
        if not _left:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()  # another thread may be the one that takes the signal


def _deadly(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def around(*arguments: Any, **named: Any) -> Any:
        point()
        return call(*arguments, **named)

    return around


def _install() -> None:
    for name in _CALLS:
        setattr(os, name, _deadly(getattr(os, name)))
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, point)
    handle: Callable[[Endpoints, web.BaseRequest], Awaitable[web.StreamResponse]] = Endpoints.handle

    async def mortal(self: Endpoints, request: web.BaseRequest) -> web.StreamResponse:
        global _left  # noqa: PLW0603
        _left = int(request.headers.get("X-Mortal", 0))
        answer = await handle(self, request)
        point()
        return answer

    Endpoints.handle = mortal  # type: ignore[method-assign]
    try:
        from aiobotocore.client import AioBaseClient
    except ImportError:
        return
    ask = AioBaseClient._make_api_call

    async def asked(self: Any, *arguments: Any) -> Any:
        point()
        return await ask(self, *arguments)

    AioBaseClient._make_api_call = asked


if __name__ == "__main__":
    _install()
    sys.argv[0] = "mememime"
    main()
