"""The way of one request through the package: which functions ran, in which modules, in which order.

``python -m tests.support.call_trace get`` prints it for one GET of an original in S3 that no cache has; ``upload`` for
the last PATCH of a tus upload with an alias. Counted is the first entry into each call of a function of ours. A
coroutine that goes on after a wait is no new call, so the figures do not depend on the timing of the network.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self

import mememime_proxy

_ROOT = Path(mememime_proxy.__file__).parent
_DEEP_ROOMS = ("proxy", "resources")
"""Packages whose folders are rooms of their own."""
_VOCABULARY = ("formats",)
"""Packages that are, like the modules beside them, words that every room uses, and no room."""
_TRACES = {"get": "tests.support.get_trace", "upload": "tests.support.upload_trace"}
"""Modules with an ``async def trace() -> CallTrace``."""


@dataclass(frozen=True)
class Call:
    """One call of a function: its module, its name, and the rooms of its callers, the outermost first."""

    module: str
    function: str
    callers: tuple[str, ...]

    @property
    def room(self) -> str:
        return room_of(self.module)


def room_of(module: str) -> str:
    """Return the room of a module: its top folder; for the two services, the folder below. '' = the package itself.

    ``service/`` is no room on the way of a request: each of its modules stands for itself.
    """
    parts = module.split(".")[1:]
    if parts[0] in _VOCABULARY:
        return ""
    if parts[0] == "service":
        return "/".join(parts)
    depth = 2 if parts[0] in _DEEP_ROOMS else 1
    return "/".join(parts[:-1][:depth])


class CallTrace:
    """Records calls between ``__enter__`` and ``__exit__``, in this thread.

    Threads of a pool are left out: how many of them begin meanwhile depends on their timing.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._modules: dict[str, str | None] = {}
        self._entered: dict[int, FrameType] = {}

    def __enter__(self) -> Self:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self._entered.clear()

    @property
    def modules(self) -> Counter[str]:
        """How often each module was called."""
        return Counter(call.module for call in self.calls)

    @property
    def changes(self) -> int:
        """How often a call was to another module than the call before it."""
        return sum(a.module != b.module for a, b in zip(self.calls, self.calls[1:], strict=False))

    @property
    def rooms(self) -> list[str]:
        """The rooms in the order of the calls, each once for as long as control stays in it."""
        rooms = [call.room for call in self.calls if call.room]
        return [room for index, room in enumerate(rooms) if not index or rooms[index - 1] != room]

    @property
    def reentries(self) -> list[Call]:
        """Calls into a room that waits, further down the stack, for the room of the caller to return."""
        return [call for call in self.calls if call.callers and call.room in call.callers[:-1]]

    def report(self) -> str:
        """The figures, then the rooms, the modules and the calls."""
        lines = [f"{len(self.modules)} modules, {self.changes} changes of module, {len(self.calls)} calls"]
        lines += ["", "rooms: " + " > ".join(self.rooms)]
        lines += ["", "calls back into a room that waits:"]
        lines += [f"  {' > '.join(call.callers)} > {call.module}.{call.function}" for call in self.reentries]
        lines += ["", "modules:", *(f"  {count:4} {name}" for name, count in sorted(self.modules.items()))]
        shares: Counter[str] = Counter()
        for before, after in zip(self.calls, self.calls[1:], strict=False):
            shares[after.room or after.module] += before.module != after.module
        lines += ["", "changes of module, by the room that is entered:"]
        lines += [f"  {count:4} {room}" for room, count in shares.most_common() if count]
        lines += ["", "calls:", *(f"  {call.module}.{call.function}" for call in self.calls)]
        return "\n".join(lines)

    def _profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or id(frame) in self._entered:
            return
        module = self._module(frame)
        if module is None or frame.f_code.co_name == "<module>":
            return
        # A frame that is held keeps its number: the same frame again is a coroutine or generator that goes on.
        self._entered[id(frame)] = frame
        self.calls.append(Call(module, frame.f_code.co_qualname, self._callers(frame)))

    def _callers(self, frame: FrameType) -> tuple[str, ...]:
        rooms: list[str] = []
        caller = frame.f_back
        while caller is not None:
            module = self._module(caller)
            if module is not None and (room := room_of(module)) and (not rooms or rooms[-1] != room):
                rooms.append(room)
            caller = caller.f_back
        return tuple(reversed(rooms))

    def _module(self, frame: FrameType) -> str | None:
        filename = frame.f_code.co_filename
        if filename not in self._modules:
            path = Path(filename)
            inside = path.is_relative_to(_ROOT)
            parts = path.relative_to(_ROOT).with_suffix("").parts if inside else ()
            self._modules[filename] = ".".join((_ROOT.name, *parts)) if inside else None
        return self._modules[filename]


def main() -> None:
    """Print the trace that the command line names."""
    trace: CallTrace = asyncio.run(importlib.import_module(_TRACES[sys.argv[1]]).trace())
    print(trace.report())


if __name__ == "__main__":
    main()
