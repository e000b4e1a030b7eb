"""The resource service, dying of itself or on a bad disk: ``python -m tests.support.crashing_service resources``.

A request with the header ``X-Crash: N`` has the process killed, as by ``kill -9``, just before the N-th thing from
then on that outlives it: a write, sync, link or removal of a file, a statement or commit of the database, a request to
the object storage, the answer itself. With ``X-Fault: ENOSPC N`` the disk is full from the N-th call on that needs
room, with ``X-Fault: EIO N`` the N-th call alone fails; the answer has the header ``X-Fault-Met`` where it came to
that. The next request without these headers ends it.
"""

from __future__ import annotations

import errno
import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiobotocore.client import AioBaseClient
from aiohttp import web
from sqlalchemy import event
from sqlalchemy.engine import Engine

from mememime_proxy.commands.group import main
from mememime_proxy.resources.http.dispatcher import Dispatcher
from mememime_proxy.storage.s3.direct_client import DirectClient

_NEED_ROOM = ("write", "pwrite", "fsync", "fdatasync", "rename", "link", "mkdir", "setxattr")
_CALLS = (*_NEED_ROOM, "unlink", "rmdir", "truncate")


class Fate:
    """Of this process."""

    left = 0
    """Things until the end; 0 = none comes."""
    error = 0
    error_in = 0
    """Calls until ``error``."""
    met = False
    """Whether it has come to that."""

    def arm(self, request: web.BaseRequest) -> None:
        """As the request's headers say."""
        self.left = int(request.headers.get("X-Crash", 0))
        name, _, number = request.headers.get("X-Fault", "").partition(" ")
        self.error, self.error_in = (getattr(errno, name), int(number)) if name else (0, 0)
        self.met = False

    def point(self, *_: Any) -> None:
        """Something is about to be done that lasts."""
        if self.left > 0:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()  # another thread may be the one that takes the signal

    def call(self, name: str) -> None:
        """A call of the system is about to be made."""
        self.point()
        if self.error and (self.error == errno.EIO or name in _NEED_ROOM):
            self.error_in -= 1
            if self.error_in <= 0:
                error, self.met = self.error, True
                if error == errno.EIO:
                    self.error = 0
                raise OSError(error, os.strerror(error))


FATE = Fate()


def _watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def around(*arguments: Any, **named: Any) -> Any:
        FATE.call(name)
        return call(*arguments, **named)

    return around


def _install() -> None:
    for name in _CALLS:
        setattr(os, name, _watched(name, getattr(os, name)))
    for moment in ("before_cursor_execute", "commit"):
        event.listen(Engine, moment, FATE.point)
    handle: Callable[[Dispatcher, web.BaseRequest], Awaitable[web.StreamResponse]] = Dispatcher.handle

    async def crashing_service(self: Dispatcher, request: web.BaseRequest) -> web.StreamResponse:
        FATE.arm(request)
        answer = await handle(self, request)
        FATE.point()
        if FATE.met:
            answer.headers["X-Fault-Met"] = "1"
        return answer

    Dispatcher.handle = crashing_service  # type: ignore[method-assign]
    ask = AioBaseClient._make_api_call

    async def asked(self: Any, *arguments: Any) -> Any:
        FATE.point()
        return await ask(self, *arguments)

    AioBaseClient._make_api_call = asked
    put = DirectClient.put

    async def direct_put(self: DirectClient, *arguments: Any) -> Any:
        FATE.point()
        return await put(self, *arguments)

    DirectClient.put = direct_put  # type: ignore[method-assign]


if __name__ == "__main__":
    _install()
    sys.argv[0] = "mememime"
    main()
