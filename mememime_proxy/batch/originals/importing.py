"""`mememime batch import`: originals elsewhere become assets, by the steps of an upload; each worker reads its own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

import msgspec

from mememime_proxy.batch.model import BatchItem, UnitOutcome, UnitState
from mememime_proxy.batch.originals.opening import OpenUploads, SharedUploads
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs import exif
from mememime_proxy.client.inputs.alias_choice import AliasChoice
from mememime_proxy.client.inputs.alias_template import FileFacts, Template
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.errors import AliasNameError, AliasNotFoundError, BatchUsageError
from mememime_proxy.resources.aliases.model import AliasCondition, AliasRow
from mememime_proxy.resources.auth.api_keys import DEFAULT_TENANT
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.auth.quotas import tenant_quota
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.uploads.admission import upload_intent
from mememime_proxy.resources.uploads.temp_file import TempFile
from mememime_proxy.resources.uploads.web_import import copy

SECONDS_EACH: Final = 0.05
"""Time of one original: fetched, decoded, stored."""
_CREDENTIAL: Final = "command:batch"
"""Who sets aliases, in their versions."""
_WEB: Final = ("http", "https")
_HEAD: Final = 1 << 20
"""Bytes at the start of a photograph that have its date."""


class ImportParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What `mememime batch import` is asked for."""

    alias: str = ""
    """Template of aliases, as `mememime upload --alias` has it; '' = none."""
    renames: tuple[str, ...] = ()
    tenant: str = DEFAULT_TENANT
    revalidates: bool = False
    """Whether an original is read, too, whose alias is newer than it and has its size."""
    root: str = ""
    """What the names of items begin with and ``{path}`` does not: the prefix of a bucket, up to its last slash."""


def alias_choice(parameters: ImportParameters) -> AliasChoice:
    """Return what makes the aliases. BatchUsageError."""
    try:
        return AliasChoice(
            Template(parameters.alias) if parameters.alias else None,
            [Rename.parse(rule) for rule in parameters.renames],
        )
    except ValueError as error:
        raise BatchUsageError(f"--alias, --rename: {error}") from error


class ImportHandler:
    """Imports originals. It has no record of its own: assets and aliases are that."""

    def __init__(self, uploads: OpenUploads, parameters: ImportParameters, pacer: Pacer) -> None:
        self._uploads = uploads
        self._parameters = parameters
        self._choice = alias_choice(parameters)
        self._principal = Principal(tenant=parameters.tenant, role=Role.WRITE, credential=_CREDENTIAL)
        self._limit = uploads.parts.settings.upload_max_size
        self._pacer = pacer

    @contextlib.asynccontextmanager
    async def chunk(self, items: Sequence[BatchItem]) -> AsyncIterator[ImportHandler]:
        """See ``BatchHandler``."""
        yield self

    def units(self, item: BatchItem) -> Sequence[str]:
        """See ``ItemWorker``."""
        return ("",)

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """See ``ItemWorker``. Raises what an upload does."""
        if await self._is_there(item):
            return (UnitOutcome(source=item.source, unit="", state=UnitState.SKIPPED),)
        await self._pacer.wait()
        await self._uploads.watch.wait()
        async with self._uploads.parts.temp_files.new() as temp_file:
            await copy(self._uploads.parts.sources, item.source, self._limit, temp_file)
            sha256 = await temp_file.finish()
            name = await self._alias(item, sha256, temp_file)
            is_new = await self._publish(temp_file, sha256, name)
        state, size = (UnitState.DONE, temp_file.size) if is_new else (UnitState.SKIPPED, 0)
        return (UnitOutcome(source=item.source, unit="", state=state, size=size, sha256=sha256),)

    async def _is_there(self, item: BatchItem) -> bool:
        """Whether the item's alias was set after its last change, and names bytes of its size."""
        template = self._choice.template
        if self._parameters.revalidates or template is None or template.needs_bytes or not (item.changed and item.size):
            return False
        alias = await self._current(self._name(item, FileFacts(path=self._path(item))))
        return alias is not None and alias.changed > 1000 * item.changed and alias.asset.size == item.size

    async def _alias(self, item: BatchItem, sha256: str, temp_file: TempFile) -> str:
        template = self._choice.template
        if template is None:
            return ""
        date = None
        if template.needs_date:
            head = await asyncio.to_thread(os.pread, temp_file.descriptor, _HEAD, 0)
            date = await asyncio.to_thread(exif.read_date_taken, io.BytesIO(head))
        return self._name(item, FileFacts(path=self._path(item), sha256=sha256, date_taken=date))

    def _name(self, item: BatchItem, facts: FileFacts) -> str:
        template = self._choice.template
        try:
            return self._choice.rename(template.make_alias(facts)) if template is not None else ""
        except FileError as error:
            raise AliasNameError(f"{item.source}: {error}") from error

    def _path(self, item: BatchItem) -> str:
        """Return the path of an item as the template has it, with its extension."""
        scheme, _, path = item.source.partition("://")
        if scheme in _WEB:
            path = unquote(path.partition("?")[0])
        name = item.name.removeprefix(self._parameters.root) if item.name else ""
        return f"{name}{PurePosixPath(path).suffix}" if name else path.partition("/")[2].strip("/")

    async def _publish(self, temp_file: TempFile, sha256: str, name: str) -> bool:
        """Make the bytes an asset of the tenant and point its alias; return whether anything was new."""
        steps = self._uploads.steps
        alias = await self._current(name) if name else None
        held = await self._uploads.assets.exist([sha256], self._principal)
        if sha256 in held and (not name or (alias is not None and alias.content.sha256 == sha256)):
            return False
        # An alias that is there keeps its other attributes, so it is moved by itself.
        new_name = name if alias is None else ""
        await steps.finalizer.finish_body(temp_file, self._principal, upload_intent(self._principal, alias=new_name))
        if alias is not None and alias.content.sha256 != sha256:
            content = alias.content._replace(sha256=sha256)
            await steps.aliases.set(self._principal, name, content, AliasCondition(version=alias.version))
        return True

    async def _current(self, name: str) -> AliasRow | None:
        """Return the tenant's alias of this name that names a ready asset."""
        try:
            alias = await self._uploads.steps.aliases.get(name)
        except AliasNotFoundError:
            return None
        is_own = alias.tenant == self._parameters.tenant and alias.asset.state is AssetState.READY
        return alias if is_own else None


@contextlib.asynccontextmanager
async def open_import(parts: SharedUploads, spec: BatchSpec) -> AsyncIterator[ImportHandler]:
    """Yield the handler of a batch. BatchUsageError, SettingsError, DatabaseError."""
    parameters = msgspec.convert(spec.parameters, ImportParameters)
    uploads = await parts.uploads()
    async with uploads.database.read() as tx:
        if await tenant_quota(tx, parameters.tenant) is None:
            raise BatchUsageError(f"--tenant: found {parameters.tenant!r}, expected a tenant of the resource service")
    yield ImportHandler(uploads, parameters, Pacer(spec.rate))
