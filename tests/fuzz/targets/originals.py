"""What reads or writes a whole original: removal of private metadata, verification, repair."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable

from mememime_proxy.errors import BrokenImageError, ImageError
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging import gate
from mememime_proxy.imaging.damage.repair import repair
from mememime_proxy.imaging.damage.verification import verify
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.privacy.original import without_private
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.fuzz.target import Target
from tests.fuzz.targets.pictures import FORMATS, WORDS, seeds

_LIMITS, _CONFIG = ImageLimits(max_src_resolution=250_000), RenderConfig()


def _private(data: bytes) -> None:
    name = sniff(data)
    cleaned = without_private(data, name) if name else None
    if name is None or cleaned is None:
        return
    assert without_private(cleaned, name) == cleaned, "what is cleaned has something private in it"
    if name != "svg":
        header, _ = gate.inspect(data, _LIMITS, _CONFIG)
        _assert_same(header, cleaned)


def _damage(data: bytes) -> None:
    if sniff(data) in {"svg", None}:
        return
    header, _ = gate.inspect(data, _LIMITS, _CONFIG)
    with contextlib.suppress(BrokenImageError):
        verify(data, header)
    try:
        repaired = repair(data, header)
        files = [repaired.data, *repaired.others]
    except (struct.error, IndexError):  # the renderer takes these for a picture that cannot be repaired
        return
    for file in files:
        try:
            _assert_same(header, file)
        except ImageError:
            continue


def _assert_same(header: ImageHeader, file: bytes) -> None:
    again, _ = gate.inspect(file, _LIMITS, _CONFIG)
    assert again.format == header.format
    if not header.sequence:  # whose size is that of its track, as long as there is one
        assert (again.width, again.height) == (header.width, header.height)


def _seeds() -> Iterable[bytes]:
    for walker in FORMATS:
        for data in seeds(walker):
            if len(data) <= 8192:
                yield data
                yield data[: 2 * len(data) // 3]


_ALL_WORDS = tuple(word for words in WORDS.values() for word in words.split(b" "))

TARGETS = (
    Target(
        name="originals.private", run=_private, seeds=_seeds, allowed=(ImageError,), words=_ALL_WORDS, max_length=8192
    ),
    Target(
        name="originals.damage", run=_damage, seeds=_seeds, allowed=(ImageError,), words=_ALL_WORDS, max_length=8192
    ),
)
