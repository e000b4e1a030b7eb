"""Reading of samples, for tests of the functions that do it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from mememime_proxy.av import engine
from mememime_proxy.av.sound.reader import SampleReader, open_sound
from mememime_proxy.formats.containers import CONTAINER_HEAD, sniff_container
from mememime_proxy.formats.film_config import FilmConfig
from tests.support.av_sources import byte_source


@contextlib.contextmanager
def sample_reader(content: bytes, track: str = "", **more: int) -> Iterator[SampleReader]:
    """A reader of the sound of a file."""
    engine.prepare()
    container = sniff_container(content[:CONTAINER_HEAD])
    assert container is not None
    with byte_source(content) as source, open_sound(source, container, FilmConfig(), track, **more) as reader:
        yield reader


def samples_of(content: bytes, *, first: int = 0, strict: bool = False, track: str = "", **more: int) -> Any:
    """Return all samples of a file from a position on."""
    with sample_reader(content, track, **more) as reader:
        blocks = list(reader.read(first, strict=strict))
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((reader.channels, 0), np.float32)
