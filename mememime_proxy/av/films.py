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
from mememime_proxy.av.frame_png import quarters_of, to_png, upright_size
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.av.opening import choose_video, container_in, engine_errors, open_film
from mememime_proxy.av.sound.cover import find_cover
from mememime_proxy.av.sprite import make_sprite
from mememime_proxy.errors import MemberError, MissingStreamError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.plan import Plan
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

    def look_at_first_frame(self, source: ByteSource) -> FilmFacts:
        """Return the facts, with those of the first frame, which is decoded where they are not known yet.

        Raises as ``look`` and ``open_pictures``.
        """
        facts = self.look(source)
        if facts.upright is None or facts.quarters is None:
            with open_pictures(source, self._config) as grabber:
                frame = grabber.grab(VideoMoment(value=0), key_frames=True)
                upright = upright_size(frame, grabber.stream.sample_aspect_ratio)
            source.facts = facts = msgspec.structs.replace(facts, upright=upright, quarters=quarters_of(frame))
        return facts

    def describe(self, source: ByteSource, plan: Plan) -> dict[str, Any]:
        """Return the description of the film or sound that the plan wants. Raises as ``look``.

        Where there are pictures that may be read, the first one is decoded: it tells how it is shown upright.
        """
        facts = self.look(source)
        wanted = plan.info or InfoFields()
        if wanted.dimensions and any(stream.type == "video" for stream in facts.streams):
            facts = self.look_at_first_frame(source)
        return describe(facts, wanted, source.size, facts.upright)

    def take_frame(self, source: ByteSource, plan: Plan) -> Variant[bytes]:
        """Return the frame that a plan names, or the sprite of several, as a PNG for the picture pipeline.

        Of sound it is the cover, as it is attached. Equal arguments give equal bytes. Raises MissingStreamError where
        there is neither, UnsupportedFormatError for pictures that may not be read, LimitError for frames that are too
        large, BrokenImageError, and the errors of the source.
        """
        container = container_in(source)
        try:
            return self._take_moment(source, plan, container)
        except MissingStreamError:
            return self._take_cover(source, container)

    def _take_moment(self, source: ByteSource, plan: Plan, container: str) -> Variant[bytes]:
        limit = self._config.max_pixels
        moment, key_frames, tile = plan.video_moment, plan.video_key_frames, plan.video_tile
        with open_pictures(source, self._config) as grabber:
            if tile is None:
                frame = grabber.grab(moment, key_frames=key_frames)
                content, width, height = to_png(frame, grabber.stream.sample_aspect_ratio, limit)
            else:
                if plan.media.member and 0 < grabber.duration <= moment.value:
                    raise MemberError(f"the storyboard ends before {moment.value:g} s: there is no such sheet")
                content, width, height = make_sprite(grabber, tile, moment, limit, key_frames=key_frames)
        return Variant("png", width, height, container, width, height, body=content)

    def _take_cover(self, source: ByteSource, container: str) -> Variant[bytes]:
        source.seek(0)
        with open_film(source, container, self._config) as film, engine_errors(source):
            cover = find_cover(film)
        if cover is None:
            raise MissingStreamError(f"this {container.upper()} has no moving pictures, and no cover")
        return Variant(cover.format, cover.width, cover.height, container, body=cover.content)


@contextmanager
def open_pictures(source: ByteSource, config: FilmConfig) -> Iterator[FrameGrabber]:
    """Open a film for its frames. Raises the errors of the engine as ours, and those of ``choose_video``.

    MissingStreamError where there are no moving pictures.
    """
    container = container_in(source)
    stack = ExitStack()

    def open_again() -> tuple[InputContainer, VideoStream]:
        source.seek(0)
        film = stack.enter_context(open_film(source, container, config))
        stream = choose_video(film, config)
        if stream is None:
            raise MissingStreamError(f"this {container.upper()} has no moving pictures")
        return film, stream

    with closing(stack), engine_errors(source):
        yield FrameGrabber(open_again)
