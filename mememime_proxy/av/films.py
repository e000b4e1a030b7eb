"""What workers do with films: look at one, and take a frame of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import msgspec
from av.container import InputContainer
from av.video.stream import VideoStream

from mememime_proxy.av import engine
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.description import describe
from mememime_proxy.av.facts import facts_of
from mememime_proxy.av.film_facts import FilmFacts
from mememime_proxy.av.frame_png import to_png, upright_size
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.av.opening import choose_video, engine_errors, open_film
from mememime_proxy.av.sprite import make_sprite
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.containers import CONTAINER_HEAD, sniff_container
from mememime_proxy.plan import FilmConfig, InfoFields, Plan, VideoMoment
from mememime_proxy.variant import Variant


class FilmReader:
    """Reader of films, with one operator's configuration. It keeps nothing of a request."""

    def __init__(self, config: FilmConfig) -> None:
        self._config = config

    @staticmethod
    def prepare() -> None:
        """Set up the engine; see ``engine.prepare``."""
        engine.prepare()

    def look(self, source: ByteSource) -> FilmFacts:
        """Return the facts of the film or sound in ``source``: those that it has already, or else its container's.

        Raises UnsupportedFormatError where it is none, BrokenImageError, and the errors of the source.
        """
        if source.facts is None:
            container = container_in(source)
            with open_film(source, container, self._config) as film:
                source.facts = facts_of(film, container)
        return source.facts

    def describe(self, source: ByteSource, plan: Plan) -> dict[str, Any]:
        """Return the description of the film or sound that the plan wants. Raises as ``look``.

        Where there are pictures that may be read, the first one is decoded: it tells how it is shown upright.
        """
        facts = self.look(source)
        wanted = plan.info or InfoFields()
        if wanted.dimensions and facts.upright is None and any(stream.type == "video" for stream in facts.streams):
            with open_pictures(source, self._config) as grabber:
                frame = grabber.grab(VideoMoment(value=0), key_frames=True)
                upright = upright_size(frame, grabber.stream.sample_aspect_ratio)
            source.facts = facts = msgspec.structs.replace(facts, upright=upright)
        return describe(facts, wanted, source.size, facts.upright)

    def take_frame(self, source: ByteSource, plan: Plan) -> Variant[bytes]:
        """Return the frame that a plan names, or the sprite of several, as a PNG for the picture pipeline.

        Equal arguments give equal bytes. Raises UnsupportedFormatError where there are no pictures that may be read,
        LimitError for frames that are too large, BrokenImageError, and the errors of the source.
        """
        container, limit = container_in(source), self._config.max_pixels
        moment, key_frames, tile = plan.video_moment, plan.video_key_frames, plan.video_tile
        with open_pictures(source, self._config) as grabber:
            if tile is None:
                frame = grabber.grab(moment, key_frames=key_frames)
                content, width, height = to_png(frame, grabber.stream.sample_aspect_ratio, limit)
            else:
                content, width, height = make_sprite(grabber, tile, moment, limit, key_frames=key_frames)
        return Variant("png", width, height, container, width, height, body=content)


@contextmanager
def open_pictures(source: ByteSource, config: FilmConfig) -> Iterator[FrameGrabber]:
    """Open a film for its frames. Raises the errors of the engine as ours, and those of ``choose_video``.

    UnsupportedFormatError where there are no pictures.
    """
    container = container_in(source)
    stack = ExitStack()

    def open_again() -> tuple[InputContainer, VideoStream]:
        source.seek(0)
        film = stack.enter_context(open_film(source, container, config))
        stream = choose_video(film, config)
        if stream is None:
            raise UnsupportedFormatError(f"this {container.upper()} has no moving pictures")
        return film, stream

    with closing(stack), engine_errors(source):
        yield FrameGrabber(open_again)


def container_in(source: ByteSource) -> str:
    """Return the container (``formats.containers``) of a source. Raises UnsupportedFormatError, and its errors."""
    source.seek(0)
    head = source.read(CONTAINER_HEAD)
    if source.failure is not None:
        raise source.failure
    source.seek(0)
    container = sniff_container(head)
    if container is None:
        raise UnsupportedFormatError("the original is neither a film nor sound")
    return container
