"""Films as workers have them, for tests of the functions that read them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.films import FilmReader
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant


@contextlib.contextmanager
def byte_source(content: bytes) -> Iterator[ByteSource]:
    """A source that has all bytes."""
    descriptor = memfd("film", content)
    try:
        yield ByteSource(descriptor, len(content))
    finally:
        os.close(descriptor)


def frame_of(content: bytes, plan: Plan | None = None, **config: int) -> Variant[bytes]:
    """Return the frame of a film that a plan names."""
    FilmReader.prepare()
    with byte_source(content) as source:
        return FilmReader(FilmConfig(**config)).take_frame(source, plan or Plan())
