"""The work of a reader of files in Python: lines that it runs, and bytes that it copies, searches or inflates."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import mememime_proxy
from mememime_proxy.errors import ImageError

PACKAGE = Path(mememime_proxy.__file__).parent


class WorkMeter:
    """Counts the lines of some folders or modules of the package, and the bytes that their modules touch at once.

    One line can touch all of a file: ``bytes(view)``, a search, ``decompress``. Those are counted by their length.
    """

    def __init__(self, *folders: str) -> None:
        self.lines = 0
        self.touched = 0
        self._folders = tuple(str(PACKAGE / folder) for folder in folders)

    def measure(self, call: Callable[[], object]) -> tuple[int, int]:
        """Return lines and bytes of one call, which may refuse the file."""
        self.lines = self.touched = 0
        with self._counting_calls():
            before = sys.gettrace()
            sys.settrace(self._enter)
            try:
                with suppress(ImageError):
                    call()
            finally:
                sys.settrace(before)
        return self.lines, self.touched

    def _enter(self, frame: FrameType, _event: str, _arg: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(self._folders) else None

    def _line(self, _frame: FrameType, event: str, _arg: object) -> Any:
        self.lines += event == "line"
        return self._line

    def _modules(self) -> Iterator[ModuleType]:
        for module in list(sys.modules.values()):
            if str(getattr(module, "__file__", "")).startswith(self._folders):
                yield module

    @contextmanager
    def _counting_calls(self) -> Iterator[None]:
        changed: list[tuple[ModuleType, str, object]] = []
        counted = {"bytes": self._copying(bytes), "bytearray": self._copying(bytearray), "zlib": _Zlib(self)}
        for module in self._modules():
            values = vars(module)
            for name, value in [*values.items()]:
                if isinstance(value, re.Pattern):
                    changed.append((module, name, value))
                    setattr(module, name, _Pattern(self, value))
            for name, value in counted.items():
                if name != "zlib" or "zlib" in values:
                    changed.append((module, name, values.get(name, changed)))
                    setattr(module, name, value)
        try:
            yield
        finally:
            for module, name, value in reversed(changed):
                if value is changed:
                    delattr(module, name)
                else:
                    setattr(module, name, value)

    def _copying(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        def copy(*arguments: Any) -> Any:
            result = kind(*arguments)
            self.touched += len(result)
            return result

        return copy


class _Pattern:
    """A regular expression whose searches are counted by the bytes that they went through."""

    def __init__(self, meter: WorkMeter, pattern: re.Pattern[Any]) -> None:
        self._meter = meter
        self._pattern = pattern

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def search(self, data: Any, at: int = 0, end: int = sys.maxsize) -> Any:
        found = self._pattern.search(data, at, end)
        self._meter.touched += max(0, (found.end() if found else min(end, len(data))) - at)
        return found

    match = search


class _Zlib:
    """The module, with inflaters whose input and output are counted."""

    def __init__(self, meter: WorkMeter) -> None:
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(zlib, name)

    def decompressobj(self, *arguments: Any) -> Any:
        return _Inflater(self._meter, zlib.decompressobj(*arguments))


class _Inflater:
    def __init__(self, meter: WorkMeter, inflater: Any) -> None:
        self._meter = meter
        self._inflater = inflater

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inflater, name)

    def copy(self) -> Any:
        return _Inflater(self._meter, self._inflater.copy())

    def decompress(self, data: Any, *limit: int) -> bytes:
        result: bytes = self._inflater.decompress(data, *limit)
        self._meter.touched += len(result) + len(data)
        return result
