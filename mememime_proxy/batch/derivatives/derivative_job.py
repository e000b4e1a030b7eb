"""The kind of jobs that make derivatives: parts of the segments in any order on any machine, then one file of them.

Each segment is a variant of its own: with a store of variants, what a player has asked for is not made again, a part
that is repeated finds what it had made, and the file is put together of what is there. Without one the last chunk
makes all segments of the file itself.
"""

from __future__ import annotations

from typing import Final

import msgspec

from mememime_proxy.batch.derivatives.members import StreamMembers, part_of
from mememime_proxy.batch.parts import BatchParts
from mememime_proxy.errors import BrokenImageError, NotStoredError
from mememime_proxy.formats.film_assembly import Track, film_head
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import Chunk, ChunkOutcome, Items
from mememime_proxy.resources.assets.derivatives import KIND, STREAM, DerivativeInput, DerivativePart, record_result
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.uploads.admission import check_size, upload_intent
from mememime_proxy.resources.uploads.temp_file import TempFile

_TIMEOUT: Final = 1800.0
"""Seconds of a chunk: a file of hours without a store of variants goes on where it is repeated, but from its start."""
_CREDENTIAL: Final = "job:derivative"


class DerivativeChunks:
    """Runs the chunks of such jobs in one worker."""

    def __init__(self, parts: BatchParts) -> None:
        self._parts = parts
        self._has_store = bool(parts.settings.cache_use)

    def kind(self) -> JobKind:
        """Return the kind of jobs."""
        return JobKind(name=KIND, run=self.run, timeout=_TIMEOUT)

    async def run(self, chunk: Chunk) -> ChunkOutcome:
        """Run a chunk. Raises the errors of renders, of storages and of uploads."""
        wanted = msgspec.convert(chunk.job_input, DerivativeInput)
        part = msgspec.convert(chunk.payload, DerivativePart)
        if not self._has_store:
            if wanted.plan.format == STREAM:
                raise NotStoredError("found no store of variants for segments, expected MEMEMIME_CACHE_USE")
            if not part.is_whole:
                return ChunkOutcome(counts=Items(skipped=1))
        members = StreamMembers(await self._parts.renderer(), f"asset://{wanted.sha256}", wanted.plan.options)
        if part.is_whole:
            return await self._make_file(chunk, members)
        await self._make_part(chunk, members, part, for_file=wanted.plan.format != STREAM)
        return ChunkOutcome(counts=Items(done=1))

    async def _make_part(self, chunk: Chunk, members: StreamMembers, part: DerivativePart, *, for_file: bool) -> None:
        """Make the segments of a part, from the chunk's position on, of those renditions that are needed."""
        renditions = await members.renditions()
        names = renditions.of_file if for_file else (*renditions.pictures, *renditions.sounds)
        position = 0
        for name in names:
            segments = [
                f"{name}/{number}.m4s" for number in part_of(await members.count(name), part.number, part.count)
            ]
            for member in (f"{name}/init.mp4", *segments):
                if position >= chunk.position:
                    await members.get(member)
                    chunk.report(position + 1, chunk.counts)
                position += 1

    async def _make_file(self, chunk: Chunk, members: StreamMembers) -> ChunkOutcome:
        """Put the file together, and make it an asset of the job's tenant."""
        uploads = await self._parts.uploads()
        temp_files, limit = uploads.parts.temp_files, uploads.parts.settings.upload_max_size
        async with temp_files.new() as data, temp_files.new() as film:
            tracks = await self._collect(chunk, members, data, limit)
            await data.finish()
            head = film_head(tracks, data.size)
            check_size(len(head) + data.size, limit)
            await film.write(head)
            async for block in data.chunks():
                await film.write(block)
            principal = Principal(tenant=chunk.tenant, role=Role.WRITE, credential=_CREDENTIAL)
            published = await uploads.derived.finalizer.finish_body(film, principal, upload_intent(principal))
        sha256 = published.asset.sha256
        chunk.results = {"asset": sha256}
        return ChunkOutcome(counts=Items(done=1), finish=lambda tx: record_result(tx, chunk.key.job, sha256))

    async def _collect(self, chunk: Chunk, members: StreamMembers, data: TempFile, limit: int) -> list[Track]:
        """Write the samples of all segments, those of pictures and sound in turns, and return the tracks."""
        names = (await members.renditions()).of_file
        if not names:
            raise BrokenImageError("the stream has neither pictures nor sound")
        try:
            tracks = [Track(await members.get(f"{name}/init.mp4")) for name in names]
            for number in range(await members.count(names[0])):
                for name, track in zip(names, tracks, strict=True):
                    for samples in track.add(await members.get(f"{name}/{number}.m4s"), data.size):
                        await data.write(samples)
                check_size(data.size, limit)
                chunk.report(number + 1, chunk.counts)
        except ValueError as error:
            raise BrokenImageError(f"the segments do not fit together: {error}") from error
        return tracks
