"""The end of every upload, by tus, form, presigned parts or import: its bytes become an asset.

Hold the lease, assemble the chunks into a temporary file, verify and store. Then one transaction publishes the asset,
points the alias, and marks the upload done, for the holder of the lease alone: all of that happens once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from mememime_proxy.errors import (
    DigestError,
    ImageError,
    MememimeError,
    ResourceError,
    StorageUnavailableError,
    WorkerCrashError,
)
from mememime_proxy.resources.aliases.model import AliasContent
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.prerendering import UploadJobs
from mememime_proxy.resources.assets.publication import Publication, StoredOriginal
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.auth.upload_tokens import count_token_use
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.states import UploadState
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.ingest import Ingest
from mememime_proxy.resources.uploads.lease import Leases
from mememime_proxy.resources.uploads.model import Upload, UploadIntent, printable
from mememime_proxy.resources.uploads.temp_file import TempFile, TempFiles

_ATTEMPTS: Final = 5
_MAX_DETAIL: Final = 1000


class Published(NamedTuple):
    """The asset that an upload has become."""

    asset: AssetRow
    is_new: bool
    """Whether its bytes had to be stored."""
    alias: str | None
    alias_version: int | None


class Finished(NamedTuple):
    """An upload that is ``done`` or ``failed``, and what this process has published of it."""

    upload: Upload
    published: Published | None


class Finalizer:
    """Both methods may raise DatabaseError, StorageError and WorkerError: nothing is lost, and they can be repeated."""

    def __init__(
        self,
        database: Database,
        temp_files: TempFiles,
        assembly: Assembly,
        ingest: Ingest,
        publication: Publication,
        aliases: Aliases,
        leases: Leases,
        clock: Callable[[], int],
        metrics: ResourceMetrics | None = None,
        upload_jobs: UploadJobs | None = None,
    ) -> None:
        """``upload_jobs`` None: uploads have no jobs."""
        self._metrics = metrics or ResourceMetrics()
        self._database = database
        self._temp_files = temp_files
        self._assembly = assembly
        self._ingest = ingest
        self._publication = publication
        self._aliases = aliases
        self._leases = leases
        self._upload_jobs = upload_jobs
        self._clock = clock

    async def finish_upload(self, upload: Upload) -> Finished:
        """Finish a complete upload: ``done``, or ``failed`` where its bytes or its intent are wrong.

        LeaseLostError where another process finishes it.
        """
        async with self._leases.hold(upload) as leased, self._temp_files.new() as temp_file:
            try:
                await self._assembly.assemble(leased, temp_file)
                published = await self._verify_and_publish(temp_file, leased.principal, leased.intent, leased)
            except MememimeError as error:
                if not is_final(error):
                    self._metrics.count_upload("retried")
                    raise
                self._metrics.count_upload("failed")
                code, detail = error.code, printable(error.detail, _MAX_DETAIL)
                async with self._database.write() as tx:
                    await self._leases.end(
                        tx, leased, UploadState.FAILED, self._clock(), error_code=code, error_detail=detail
                    )
                return Finished(replace(leased, state=UploadState.FAILED, error_code=code, error_detail=detail), None)
            self._metrics.count_upload("done", temp_file.size)
        return Finished(replace(leased, state=UploadState.DONE, sha256=published.asset.sha256), published)

    async def finish_body(self, temp_file: TempFile, principal: Principal, intent: UploadIntent) -> Published:
        """Finish an upload that came in one request and has no row: a plain body, a file of a form, an import.

        DigestError, UploadTypeError, ImageError, QuotaError, RoleError and what ``Aliases.point`` raises; nothing has
        become ready then.
        """
        try:
            published = await self._verify_and_publish(temp_file, principal, intent, None)
        except MememimeError:
            self._metrics.count_upload("failed")
            raise
        self._metrics.count_upload("done", temp_file.size)
        return published

    async def _verify_and_publish(
        self, temp_file: TempFile, principal: Principal, intent: UploadIntent, upload: Upload | None
    ) -> Published:
        sha256 = await temp_file.finish()
        for expected in (intent.sha256, principal.claims.sha256 if principal.claims else ""):
            if expected and expected != sha256:
                raise DigestError(f"found the SHA-256 {sha256}, expected {expected}")
        async with self._ingest.lock(sha256):
            for _ in range(_ATTEMPTS):
                stored = await self._ingest.verify_and_store(temp_file, sha256, principal)
                if stored is not None and (published := await self._publish(stored, principal, intent, upload)):
                    return published
        raise StorageUnavailableError(f"the asset {sha256} is being removed again and again")

    async def _publish(
        self, stored: StoredOriginal, principal: Principal, intent: UploadIntent, upload: Upload | None
    ) -> Published | None:
        """Publish an upload in one transaction; None where the asset has to be stored again."""
        now, version = self._clock(), None
        async with self._database.write() as tx:
            reserved = upload.received if upload else 0
            asset = await self._publication.publish(
                tx, principal.tenant, stored, now, reserved=reserved, filename=intent.filename
            )
            if asset is None:
                return None
            if intent.alias:
                content = AliasContent(asset.sha256)
                change = await self._aliases.point(tx, principal, intent.alias, content, intent.condition, now)
                version = change.version
            if self._upload_jobs is not None:
                uploads = [(asset.sha256, intent.alias or None, stored.facts is not None)]
                await self._upload_jobs.enqueue(tx, principal.tenant, uploads)
            if upload is None:
                await count_token_use(self._database, tx, principal)
            else:
                await self._leases.end(tx, upload, UploadState.DONE, now, sha256=asset.sha256)
        return Published(asset, stored.facts is not None, intent.alias or None, version)


def is_final(error: MememimeError) -> bool:
    """Whether an upload fails for good: its bytes or its intent are wrong, and will be the next time."""
    return isinstance(error, (ResourceError, ImageError, WorkerCrashError)) and error.retry_after is None
