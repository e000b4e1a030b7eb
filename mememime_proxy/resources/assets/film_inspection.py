"""Inspection of films and sound that are uploaded: by workers of their own, then their poster as any picture."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import FormatDisabledError
from mememime_proxy.formats.containers import (
    CONTAINER_HEAD,
    cannot_read_container,
    is_engine_installed,
    sniff_container,
)
from mememime_proxy.formats.film_still import MomentKind, VideoMoment
from mememime_proxy.plan import Plan
from mememime_proxy.workers.pool import Pool, WorkerJob
from mememime_proxy.workers.pool_on_demand import PoolOnDemand

_POSTER: Final = ("dominant_color", "blurhash", "thumbhash", "phash", "palette", "histogram")
"""Facts of the poster that are those of the film."""


def container_of(descriptor: int) -> str | None:
    """Return the container of a film or sound, by its first bytes; None where the file is neither."""
    return sniff_container(os.pread(descriptor, CONTAINER_HEAD, 0))


class Inspection(NamedTuple):
    """What an inspection found out."""

    facts: AssetFacts
    film: bytes = b""
    """About a film or sound, for the workers that read them."""


class FilmInspection:
    """Reads films and sound by the workers for them, and their posters by those for pictures."""

    def __init__(self, films: PoolOnDemand, pictures: Pool, *, is_enabled: bool) -> None:
        self._films = films
        self._pictures = pictures
        self._is_enabled = is_enabled

    async def inspect(
        self,
        container: str,
        descriptor: int,
        plan: Plan,
        timeout: float,  # noqa: ASYNC109 - of each job
    ) -> Inspection:
        """Return the facts of a film or sound; those of its poster among them.

        MissingDecoderError where the engine is not installed, FormatDisabledError where films are switched off,
        ImageError for what cannot be read, and the errors of workers.
        """
        pool = await self._pool(container)
        found = await pool.run(WorkerJob("film_facts", plan), descriptor, timeout)
        facts = msgspec.msgpack.decode(found.variant.body, type=AssetFacts)
        if not facts.width:
            return Inspection(facts, found.facts)
        shown = replace(plan, video_moment=VideoMoment(MomentKind.AUTO))
        poster = await pool.run_to_file(WorkerJob("frame", shown), descriptor, timeout)
        try:
            result = await self._pictures.run(WorkerJob("inspect", plan), poster.descriptor, timeout)
        finally:
            os.close(poster.descriptor)
        picture = msgspec.msgpack.decode(result.variant.body, type=AssetFacts)
        facts = msgspec.structs.replace(facts, **{name: getattr(picture, name) for name in _POSTER})
        return Inspection(facts, found.facts)

    async def measure_loudness(
        self,
        container: str,
        descriptor: int,
        plan: Plan,
        timeout: float,  # noqa: ASYNC109 - of the job
    ) -> bytes:
        """Return what is known of a film or sound with the loudness of its default track. Raises as ``inspect``."""
        pool = await self._pool(container)
        return (await pool.run(WorkerJob("film_loudness", plan), descriptor, timeout)).facts

    async def _pool(self, container: str) -> Pool:
        if not self._is_enabled:
            raise FormatDisabledError(f"found {container.upper()}, and MEMEMIME_ENABLE_VIDEO_THUMBNAILS is off")
        if not is_engine_installed():
            raise cannot_read_container(container)
        return await self._films.get()
