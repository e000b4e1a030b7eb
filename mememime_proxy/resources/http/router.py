"""From a method and a path to an endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mememime_proxy.resources.http.endpoint import Route

PARAMETER = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")
"""A part of a route's path: its name, and the expression that it has to fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """``route`` None: there is the path, but not with this method. ``allowed``: the methods that it has."""

    route: Route | None
    params: Mapping[str, str]
    allowed: tuple[str, ...]


class Router:
    """The endpoints by path. HEAD is answered where GET is, unless it has an endpoint of its own."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """ValueError for two routes of one method and path."""
        self._places: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        for route in routes:
            _, methods = self._places.setdefault(route.path, (_pattern(route.path), {}))
            if route.method in methods:
                raise ValueError(f"{route.method} {route.path} is there twice")
            methods[route.method] = route
        for _, methods in self._places.values():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])

    def find(self, method: str, raw_path: str) -> Found | None:
        """Who answers ``method`` on ``raw_path`` (as it came, without the query); None where nobody knows the path.

        A percent escape of a slash is a slash: names of aliases have them.
        """
        path = unquote(raw_path, errors="surrogateescape")
        for pattern, methods in self._places.values():
            if matched := pattern.fullmatch(path):
                return Found(methods.get(method), matched.groupdict(), tuple(sorted(methods)))
        return None


def _pattern(path: str) -> re.Pattern[str]:
    text, end = "", 0
    for parameter in PARAMETER.finditer(path):
        text += re.escape(path[end : parameter.start()]) + f"(?P<{parameter[1]}>{parameter[2] or '[^/]+'})"
        end = parameter.end()
    return re.compile(text + re.escape(path[end:]), re.DOTALL)
