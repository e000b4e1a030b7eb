"""The URL as it was given: its address, the path that the parser gets, and where each segment is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
"""The characters that a client may send in a request line; others it percent-encodes."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the path, and its characters in the URL."""

    text: str
    start: int
    end: int


class Target:
    """A URL, or only its path, as a person gives it. ``notes``: what was wrong around it."""

    def __init__(self, text: str) -> None:
        self.notes: list[str] = []
        self.url = text.strip().strip("\"'<>")
        if self.url != text:
            self.notes.append("white space or quotes around the URL are not part of it, and were left out here")
        self.url, hash_, fragment = self.url.partition("#")
        if hash_:
            self.notes.append(f"browsers send nothing from # on: {'#' + fragment!r} is not part of the request")
        encoded = quote(self.url, safe=PRINTABLE, errors="surrogateescape")
        if encoded != self.url:
            self.notes.append("clients percent-encode white space and letters outside ASCII, as is done here")
            self.url = encoded
        match = _ADDRESS.match(self.url)
        self.address = match[0] if match else ""
        self.request = self.url[len(self.address) :] or "/"
        """The raw request target, as the HTTP server gets it."""
        self.path, _, self.query = self.request.partition("?")

    @property
    def end_of_path(self) -> int:
        """The end of the path in the URL."""
        return len(self.address) + len(self.path)

    def segments(self, path: str) -> list[Segment]:
        """Return the segments of ``path``, the end of this target's path, where they are in the URL."""
        start = len(self.address) + len(self.path) - len(path)
        segments: list[Segment] = []
        for text in path.removeprefix("/").split("/"):
            start += 1 if segments or path.startswith("/") else 0
            # Without a path the URL ends before the slash that is requested.
            segments.append(Segment(text, min(start, len(self.url)), min(start + len(text), len(self.url))))
            start += len(text)
        return segments
