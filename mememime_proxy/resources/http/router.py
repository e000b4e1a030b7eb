"""The router: from a method and a path to an endpoint.

Not aiohttp's: percent escapes are decoded before a path is matched, an invalid one stays an error of the endpoint, and
the first route of the table that matches a path is used. docs/adr says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mememime_proxy.resources.http.endpoint import Route

PARAMETER = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")
"""A parameter in the path of a route: its name, and the expression that it has to match."""


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """A path that exists.

    ``route`` None: it does not have this method. ``allowed``: the methods that it has; ``readable``: those that change
    nothing.
    """

    route: Route | None
    params: Mapping[str, str]
    allowed: tuple[str, ...]
    readable: tuple[str, ...]


class Router:
    """The endpoints by path. HEAD is answered where GET is, unless it has an endpoint of its own."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Raise ValueError for two routes of one method and path."""
        self._resources: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        for route in routes:
            _, methods = self._resources.setdefault(route.path, (_pattern(route.path), {}))
            if route.method in methods:
                raise ValueError(f"found {route.method} {route.path} twice, expected it once")
            methods[route.method] = route
        for _, methods in self._resources.values():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])
        self._readable = {
            path: tuple(sorted(name for name, route in methods.items() if not route.writes))
            for path, (_, methods) in self._resources.items()
        }

    def match(self, method: str, raw_path: str) -> RouteMatch | None:
        """Return the endpoint for ``method`` on ``raw_path`` (as received, without query); None for an unknown path.

        An escaped slash is a slash, because names of aliases have slashes.
        """
        path = unquote(raw_path, errors="surrogateescape")
        for name, (pattern, methods) in self._resources.items():
            if match := pattern.fullmatch(path):
                return RouteMatch(methods.get(method), match.groupdict(), tuple(sorted(methods)), self._readable[name])
        return None


def _pattern(path: str) -> re.Pattern[str]:
    text, end = "", 0
    for parameter in PARAMETER.finditer(path):
        text += re.escape(path[end : parameter.start()]) + f"(?P<{parameter[1]}>{parameter[2] or '[^/]+'})"
        end = parameter.end()
    return re.compile(text + re.escape(path[end:]), re.DOTALL)
