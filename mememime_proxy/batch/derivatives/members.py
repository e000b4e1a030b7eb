"""The members of a stream of an asset, made or found by the chain that serves them to players."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.rendering.renderer import BatchRenderer
from mememime_proxy.batch.rendering.variants import VariantTemplate
from mememime_proxy.formats.stream_members import MARK, MASTERS
from mememime_proxy.proxy.cache.originals import FetchedOriginal
from mememime_proxy.resources.assets.derivatives import STREAM

_RENDITION: Final = re.compile(r"^(?:.*URI=\")?(([\w-]+)/[av]\.m3u8)", re.MULTILINE)
_SEGMENT: Final = re.compile(r"^\d+\.m4s$", re.MULTILINE)


class Renditions(NamedTuple):
    """The renditions of a stream, each by its name."""

    pictures: tuple[str, ...]
    sounds: tuple[str, ...]

    @property
    def of_file(self) -> tuple[str, ...]:
        """Those that a file has: the last one of pictures, which has the codec that was asked for, and one of sound."""
        return self.pictures[-1:] + self.sounds[:1]


class StreamMembers:
    """The members of one stream. Raises the errors of renders and storages."""

    def __init__(self, renderer: BatchRenderer, source: str, options: str) -> None:
        self._renderer = renderer
        self._item = BatchItem(source)
        self._options = options
        self._pacer = Pacer(0.0)
        self._fetched: FetchedOriginal | None = None

    async def get(self, name: str) -> bytes:
        """Return a member; where the proxy has a store of variants, it is there when this returns."""
        template = VariantTemplate(name, name, self._options, f".{STREAM}{MARK}{name}")
        (request,) = self._renderer.parse(self._item, [template])
        if self._fetched is None:
            self._fetched = await self._renderer.fetch(request)
        result, _ = await self._renderer.render(request, self._fetched, self._pacer)
        return result.variant.body

    async def renditions(self) -> Renditions:
        """Return the renditions that the stream has."""
        text = (await self.get(MASTERS[STREAM])).decode()
        names = list(dict.fromkeys(name for _, name in _RENDITION.findall(text)))
        return Renditions(
            tuple(name for name in names if not name.startswith("a")),
            tuple(name for name in names if name.startswith("a")),
        )

    async def count(self, rendition: str) -> int:
        """Return the number of segments of a rendition."""
        playlist = "a.m3u8" if rendition.startswith("a") else "v.m3u8"
        text = (await self.get(f"{rendition}/{playlist}")).decode()
        return len(_SEGMENT.findall(text))


def part_of(count: int, number: int, parts: int) -> range:
    """Return the segments of one of so many equal parts."""
    return range(count * number // parts, count * (number + 1) // parts)
