"""Variants as files below a prefix: written whole, named by a template, listed by a manifest for each chunk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from functools import partial
from itertools import compress
from typing import Final, cast

import msgspec

from mememime_proxy.batch.chunks import chunk_name
from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.rendering.naming import FileNames
from mememime_proxy.batch.rendering.renderer import SHARED, BatchRenderer
from mememime_proxy.batch.rendering.sharing import RecentResults, RowsLeft, decode_once
from mememime_proxy.batch.rendering.variants import VariantPlanner, VariantTemplate
from mememime_proxy.errors import (
    BatchInputError,
    BatchUsageError,
    MememimeError,
    ObjectNotFoundError,
    PreconditionFailedError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.proxy.cache.originals import FetchedOriginal
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.prefixed import PrefixedStorage
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.storage.registry import Storages

MANIFESTS: Final = "manifests"
"""Folder below the prefix, with a folder for each job."""


class FileLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that a chunk has written: a line of its manifest."""

    source: str
    unit: str
    file: str
    size: int
    sha256: str
    width: int
    height: int
    key: str
    """Of the variant: another one stands for other bytes."""
    changed: float = 0.0
    """The original's last change, where it is known."""


_line_decoder = msgspec.json.Decoder(FileLine)


@contextlib.asynccontextmanager
async def open_destination(place: str, storages: Storages) -> AsyncIterator[Storage]:
    """Yield the storage of a folder, or of ``s3://bucket/prefix`` and the like. BatchUsageError, SettingsError.

    ``storages`` are open.
    """
    scheme, mark, rest = place.partition("://")
    if not mark:
        folder = Folder(place)
        await folder.start()
        try:
            yield folder
        finally:
            await folder.close()
        return
    bucket, _, prefix = rest.partition("/")
    reader = storages.reader(scheme, bucket)
    if reader is None:
        raise BatchUsageError(f"--to: no storage is configured for {place!r}; see MEMEMIME_USE_S3 and the like")
    storage = cast(Storage, reader)  # every reader of a registry is a complete storage
    yield PrefixedStorage(storage, f"{prefix.strip('/')}/") if prefix.strip("/") else storage


async def read_manifests(storage: Storage, job: str) -> AsyncIterator[FileLine]:
    """Yield the lines of all manifests of a job. StorageError, BatchInputError."""
    async for info in storage.list(f"{MANIFESTS}/{job}/"):
        for line in await _read_manifest(storage, info.key):
            yield line


async def _read_manifest(storage: Storage, key: str) -> list[FileLine]:
    try:
        body = await storage.open(key)
    except ObjectNotFoundError:
        return []
    async with body:
        text = b"".join([chunk async for chunk in body])
    try:
        return [_line_decoder.decode(line) for line in text.splitlines()]
    except msgspec.DecodeError as error:
        raise BatchInputError(f"{key} is no manifest: {error}") from error


class PrefixHandler:
    """Writes variants as files."""

    def __init__(
        self,
        renderer: BatchRenderer,
        planner: VariantPlanner,
        pacer: Pacer,
        names: FileNames,
        storage: Storage,
        job: str,
    ) -> None:
        self.renderer = renderer
        self.pacer = pacer
        self.planner = planner
        self.names = names
        self.storage = storage
        self._job = job

    @contextlib.asynccontextmanager
    async def chunk(self, items: Sequence[BatchItem]) -> AsyncIterator[PrefixWorker]:
        """See ``BatchHandler``: what an earlier run of the chunk has written is skipped."""
        manifest = f"{MANIFESTS}/{self._job}/{chunk_name(items)}.jsonl"
        lines = {line.key: line for line in await _read_manifest(self.storage, manifest)}
        worker = PrefixWorker(self, lines, items)
        try:
            yield worker
        finally:
            await worker.originals.close()
        lines_by_file = sorted(worker.lines.values(), key=lambda line: line.file)
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines_by_file)
        await self.storage.put(manifest, text, content_type="application/jsonl")


class PrefixWorker:
    """Works on the items of a chunk."""

    def __init__(self, handler: PrefixHandler, lines: dict[str, FileLine], items: Sequence[BatchItem]) -> None:
        self._handler = handler
        self._rows = RowsLeft(item.source for item in items)
        self.lines = lines
        """Files of this chunk by the variant's key."""
        self.originals: RecentResults[FetchedOriginal] = RecentResults(SHARED)
        self._owners: dict[str, str] = {}
        """The variant's key for each file that this run has written."""

    def units(self, item: BatchItem) -> Sequence[str]:
        """See ``ItemWorker``."""
        return [variant.label for variant in self._handler.planner.of(item)]

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """See ``ItemWorker``."""
        renderer = self._handler.renderer
        variants = self._handler.planner.of(item)
        requests = renderer.parse(item, variants)
        changed = await renderer.change_time(item, requests[0].source)
        missing = [not await self._is_written(request, changed) for request in requests]
        wanted = list(zip(compress(variants, missing), compress(requests, missing), strict=True))
        try:
            made = iter(await self._make(item, wanted, changed) if wanted else ())
        finally:
            if self._rows.end(item.source):
                renderer.release_pixels(requests[0].source)
        return [
            next(made) if is_missing else UnitOutcome(source=item.source, unit=variant.label, state=UnitState.SKIPPED)
            for variant, is_missing in zip(variants, missing, strict=True)
        ]

    async def _make(
        self, item: BatchItem, wanted: Sequence[tuple[VariantTemplate, ParsedRequest]], changed: float
    ) -> Sequence[UnitOutcome]:
        """Return the outcomes of the missing variants of an item."""
        renderer, first = self._handler.renderer, wanted[0][1]

        async def outcome(variant: VariantTemplate, request: ParsedRequest) -> UnitOutcome:
            try:
                result, _ = await renderer.render(request, fetched, self._handler.pacer, len(wanted) - 1)
                body, facts = result.variant.body, result.variant
                name = self._handler.names.name(item, variant.name, facts.format, request.key)
                line = FileLine(
                    source=item.source, unit=variant.label, file=name, size=len(body),
                    sha256=hashlib.sha256(body).hexdigest(), width=facts.width, height=facts.height,
                    key=request.key.hex(), changed=changed,
                )  # fmt: skip
                is_new = await self._write(line, body, facts.format)
                self.lines[line.key] = line
            except (MememimeError, OSError) as error:
                return UnitOutcome(source=item.source, unit=variant.label, state=UnitState.FAILED, error=error)
            return UnitOutcome(
                source=item.source,
                unit=variant.label,
                state=UnitState.DONE if is_new else UnitState.SKIPPED,
                size=line.size if is_new else 0,
                file=name,
                sha256=line.sha256,
            )

        async with renderer.originals:
            fetched = await self.originals.get(first.source.url, lambda: renderer.fetch(first))
            return await decode_once([partial(outcome, *each) for each in wanted])

    async def _is_written(self, request: ParsedRequest, changed: float) -> bool:
        """Whether the chunk's manifest has the variant of the present original, and its file is there."""
        line = self.lines.get(request.key.hex())
        if line is None or line.changed != changed:
            return False
        try:
            info = await self._handler.storage.head(line.file)
        except ObjectNotFoundError:
            return False
        return info.size == line.size

    async def _write(self, line: FileLine, body: bytes, format_name: str) -> bool:
        """Write a file unless it is there with these bytes, and return whether it was written.

        BatchInputError where another variant of this chunk has the same name.
        """
        if (owner := self._owners.setdefault(line.file, line.key)) != line.key:
            raise BatchInputError(
                f"{line.file} is the file of another variant ({owner}), too: use {{key}} in --template, or other names"
            )
        storage = self._handler.storage
        content_type = FORMATS[format_name].mime if format_name in FORMATS else "application/octet-stream"
        with contextlib.suppress(PreconditionFailedError):
            await storage.put(line.file, body, content_type=content_type, if_absent=True)
            return True
        try:
            present = await storage.open(line.file)
            async with present:
                if present.info.size == line.size:
                    digest = hashlib.sha256()
                    async for chunk in present:
                        digest.update(chunk)
                    if digest.hexdigest() == line.sha256:
                        return False
                etag = present.info.etag
        except ObjectNotFoundError:
            etag = ""  # it was deleted meanwhile
        await storage.put(line.file, body, content_type=content_type, if_match=etag)
        return True
