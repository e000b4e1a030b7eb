"""`mememime batch recode`: whole originals in another format, or packed again without loss, as files."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from importlib.util import find_spec
from typing import Final

import msgspec

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.pacing import Pacer, give_way
from mememime_proxy.batch.rendering.checks import planner_of
from mememime_proxy.batch.rendering.handler import SharedParts
from mememime_proxy.batch.rendering.naming import FileNames
from mememime_proxy.batch.rendering.prefix import PrefixHandler, open_destination
from mememime_proxy.batch.rendering.renderer import BatchRenderer
from mememime_proxy.batch.rendering.variants import RenderParameters, VariantPlanner, VariantTemplate
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import BatchUsageError, UnsupportedFormatError
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.proxy.cache.originals import FetchedOriginal
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.proxy.model import VariantResult
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import Original
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import WorkerJob

REPACK: Final = "repack"
_TEMPLATE: Final = "{path}.{ext}"
_UNCHANGED: Final = "el:0"
"""An option that changes nothing: with one, an alias does not get its preset."""
_PACKERS: Final = ("mozjpeg_lossless_optimization", "oxipng")


class RecodeParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What `mememime batch recode` is asked for."""

    format: str
    """Of the results; ``repack``: that of each original, with the same pixels."""
    prefix: str
    """Where files are written: a folder or a bucket's prefix."""
    quality: int = 0
    """0 = that of the settings."""
    template: str = ""


def recode_settings(settings: Settings) -> Settings:
    """Return the settings without presets: the one that is for all requests may change sides."""
    return settings.model_copy(update={"presets": "", "presets_path": "", "only_presets": False})


class RecodePlanner(VariantPlanner):
    """Says that an original has one variant, whole."""

    def __init__(self, settings: Settings, parameters: RecodeParameters) -> None:
        """BatchUsageError for what cannot be written or made here."""
        is_packed = parameters.format == REPACK
        if is_packed and not all(map(find_spec, _PACKERS)):
            raise BatchUsageError("--format repack: found no packer, expected the extra `repack` (mememime[repack])")
        if is_packed and parameters.quality:
            raise BatchUsageError("--quality: found a quality, expected none with --format repack, which loses nothing")
        options = f"q:{parameters.quality}" if parameters.quality else _UNCHANGED
        # A request for packed bytes is only parsed, so any format will do.
        format_name = "png" if is_packed else parameters.format
        render = RenderParameters(
            options=(options,), formats=(format_name,), prefix=parameters.prefix,
            template=parameters.template or _TEMPLATE,
        )  # fmt: skip
        planner_of(recode_settings(settings), render)
        super().__init__(recode_settings(settings), render)
        self.common = [VariantTemplate(parameters.format, parameters.format, options, f".{format_name}")]

    def of(self, _item: BatchItem) -> Sequence[VariantTemplate]:
        """Return the one variant, whatever options a row has."""
        return self.common


class RepackRenderer(BatchRenderer):
    """Packs originals again: the same pixels in fewer bytes. What cannot be packed stays as it is."""

    async def render(
        self, request: ParsedRequest, fetched: FetchedOriginal, pacer: Pacer, siblings: int = 0
    ) -> tuple[VariantResult, bool]:
        """See ``BatchRenderer``. The sides of the result are not known."""
        original = fetched.original
        async with self.slots:
            await pacer.wait()
            await self.watch.wait()
            job = WorkerJob(operation=REPACK, plan=request.plan)
            try:
                packed = await self.pool.run(job, original.fd, self.settings.timeout)
                body = bytes(packed.variant.body)
            except UnsupportedFormatError:
                body = b""
        content = await asyncio.to_thread(_read, original)
        variant = Variant(sniff(content) or "", body=body or content)
        return VariantResult(variant, "", fetched.state, original.size), True


def _read(original: Original) -> bytes:
    content = bytearray()
    while len(content) < original.size and (chunk := os.pread(original.fd, original.size, len(content))):
        content += chunk
    return bytes(content)


@contextlib.asynccontextmanager
async def open_recode(parts: SharedParts, spec: BatchSpec) -> AsyncIterator[PrefixHandler]:
    """Yield the handler of a batch. BatchUsageError, SettingsError, WorkerError, StorageError."""
    parameters = msgspec.convert(spec.parameters, RecodeParameters)
    planner, names = RecodePlanner(parts.settings, parameters), FileNames(parameters.template or _TEMPLATE)
    give_way()
    renderer_of = RepackRenderer if parameters.format == REPACK else BatchRenderer
    async with (
        renderer_of(recode_settings(parts.settings)).opened() as renderer,
        open_destination(parameters.prefix, renderer.storages) as storage,
    ):
        yield PrefixHandler(renderer, planner, Pacer(spec.rate), names, storage, spec.name)
