"""The kind of jobs that measure the loudness of films and sound, so that no request has to."""

from __future__ import annotations

from typing import Final

import msgspec

from mememime_proxy.batch.originals.facts import read_asset
from mememime_proxy.batch.originals.opening import SharedUploads
from mememime_proxy.errors import AssetNotFoundError
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import Chunk, ChunkOutcome, Items
from mememime_proxy.resources.assets.derivatives import LOUDNESS, LoudnessInput
from mememime_proxy.resources.assets.film_inspection import container_of
from mememime_proxy.resources.database.engine import now
from mememime_proxy.resources.database.film_facts import replace_film_facts
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.settings import sections

_TIMEOUT: Final = 1800.0
"""Seconds of a chunk: sound of four hours takes a minute of CPU time, and its film has to be read."""


class LoudnessChunks:
    """Runs the chunks of such jobs in one worker."""

    def __init__(self, parts: SharedUploads) -> None:
        self._parts = parts

    def kind(self) -> JobKind:
        """Return the kind of jobs."""
        return JobKind(name=LOUDNESS, run=self.run, timeout=_TIMEOUT)

    async def run(self, chunk: Chunk) -> ChunkOutcome:
        """Run a chunk: the whole of an original is read. Raises the errors of storages and of renders."""
        sha256 = msgspec.convert(chunk.payload, LoudnessInput).sha256
        uploads = await self._parts.uploads()
        publication, ingest = uploads.steps.publication, uploads.steps.ingest
        asset = await publication.find(sha256)
        if asset is None or asset.state is not AssetState.READY:
            raise AssetNotFoundError(f"the asset {sha256} is gone")
        async with uploads.parts.temp_files.new() as temp_file:
            await read_asset(uploads, asset, temp_file)
            container = container_of(temp_file.descriptor)
            if container is None:
                return ChunkOutcome(counts=Items(skipped=1))
            plan = sections.base_plan(uploads.parts.settings)
            facts = await ingest.films.measure_loudness(container, temp_file.descriptor, plan, _TIMEOUT)
        database = uploads.database
        return ChunkOutcome(
            counts=Items(done=1), finish=lambda tx: replace_film_facts(tx, database, sha256, facts, now())
        )
