"""Derivatives of films and sound: what is too long for a request, made by a job, once for each asset and plan."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

import msgspec
from msgspec import Meta
from sqlalchemy import Row, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import RequestError, UrlError
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.jobs.model import JobRow, NewChunk, NewJob
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.schema import JOBS
from mememime_proxy.jobs.states import OPEN_JOBS
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.prerendering import Uploads
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.film_facts import has_loudness
from mememime_proxy.resources.database.schema import ASSETS, DERIVATIVES, HOLDINGS
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.parser import UrlParser

KIND: Final = "derivative"
LOUDNESS: Final = "loudness"
"""The kind of jobs that measure the loudness of films and sound, and the word for it among plans of uploads."""
STREAM: Final = "m3u8"
_PART_SECONDS: Final = 20
"""Seconds of the original in one chunk."""
_MAX_PARTS: Final = 1000
_UPLOAD_CREDENTIAL: Final = "setting:av_on_upload"
_PICTURES, _SOUND = "video/", "audio/"


class DerivativePlan(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is to be made: a file (`mp4`), or the segments of a stream in advance (`m3u8`)."""

    options: Annotated[str, Meta(max_length=1024)]
    """Of a stream, as in URLs: ``ld:720/q:70``. Of a file, ``ladder`` has one height."""
    format: Literal["mp4", "m3u8"] = "mp4"

    @property
    def key(self) -> str:
        """A digest of the plan."""
        return hashlib.sha256(f"{self.format} {self.options}".encode()).hexdigest()[:32]


class DerivativeInput(msgspec.Struct, kw_only=True, frozen=True):
    """The input of a job: of which asset, and what."""

    sha256: str
    plan: DerivativePlan


class LoudnessInput(msgspec.Struct, kw_only=True, frozen=True):
    """The input, and the only chunk, of a job that measures an asset."""

    sha256: str


class UploadRules(NamedTuple):
    """What jobs do with each film or sound that is uploaded."""

    plans: Sequence[DerivativePlan] = ()
    measures_loudness: bool = False


class DerivativePart(msgspec.Struct, kw_only=True, frozen=True):
    """A chunk of a job: one of ``count`` equal parts of the segments, or, as the last one, the whole file."""

    number: int
    count: int

    @property
    def is_whole(self) -> bool:
        """Whether it is the file, of all segments."""
        return self.number == self.count


class Derivative(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A derivative of an asset. ``asset``: digest of the file that was made; ``job``: missing once it is deleted."""

    options: str
    format: str
    created: str
    asset: str = ""
    job: JobDocument | None = None

    @classmethod
    def of(cls, row: Row[Any], job: JobRow | None) -> Self:
        """Return the JSON of a row."""
        return cls(
            options=row.options,
            format=row.format,
            created=rfc3339(row.created),
            asset=row.result or "",
            job=None if job is None else JobDocument.of(job),
        )


class PlanCheck:
    """Checks the options of plans, by the grammar of URLs."""

    def __init__(self, config: UrlConfig) -> None:
        """``config``: of the service's URLs. What it demands of those of strangers is not demanded here."""
        self._parser = UrlParser(
            replace(
                config, allow_unsigned=True, path_prefix="", only_presets=False, base64_url_includes_filename=False,
                allowed_sources=(), base_url="", url_replacements="",
            )
        )  # fmt: skip

    def check(self, plan: DerivativePlan) -> None:
        """Return for a plan that can be made. RequestError."""
        options = plan.options.strip("/")
        try:
            found = self._parser.parse(f"/unsafe/{options}{'/' * bool(options)}plain/local:///film@{STREAM}")
        except UrlError as error:
            raise RequestError(f"options: {error.detail}") from error
        ladder = [name for name in found.media.ladder if name != "av1"]
        if found.output_kind is not OutputKind.STREAM or found.media.member:
            raise RequestError(f"options: found {options[:80]!r}, expected those of a stream alone")
        if plan.format != STREAM and (len(ladder) != 1 or not ladder[0].isdecimal()):
            raise RequestError("options: expected a ladder with one height for a file, for example ld:720")


class Derivatives:
    """The derivatives of assets. DatabaseError where the database cannot be had."""

    def __init__(self, database: Database, jobs: Jobs, check: PlanCheck, clock: Callable[[], int]) -> None:
        self._database = database
        self._jobs = jobs
        self._check = check
        self._clock = clock

    async def create(
        self,
        tx: AsyncConnection,
        asset: AssetRow,
        plan: DerivativePlan,
        tenant: str,
        credential: str,
        *,
        priority: int = 0,
        webhook: str = "",
    ) -> str:
        """Create the job of a derivative, and return its id; that of the job that makes it already, or has made it.

        RequestError for a plan that cannot be made, and for an asset that is neither a film nor sound.
        """
        self._check.check(plan)
        if not is_film(asset.media_type):
            raise RequestError(f"found {asset.media_type or 'bytes of no type'}, expected a film or sound")
        key = (
            DERIVATIVES.c.tenant == tenant,
            DERIVATIVES.c.sha256 == asset.sha256,
            DERIVATIVES.c.plan == plan.key,
        )
        # Whoever inserts the row first creates the job: others wait for that transaction here.
        inserted = await tx.execute(
            self._database.insert(DERIVATIVES)
            .values(
                tenant=tenant, sha256=asset.sha256, plan=plan.key, format=plan.format, options=plan.options, job="",
                created=self._clock(),
            )
            .on_conflict_do_nothing()
        )  # fmt: skip
        if inserted.rowcount != 1:
            row = (await tx.execute(select(DERIVATIVES).where(*key).with_for_update())).one()
            if await self._is_current(tx, row):
                return str(row.job)
        job = await self._jobs.create(tx, _job(asset, plan, tenant, credential, priority, webhook))
        await tx.execute(update(DERIVATIVES).where(*key).values(job=job, result=None))
        return job

    async def measure_loudness(self, tx: AsyncConnection, asset: AssetRow, tenant: str, credential: str) -> None:
        """Create the job that measures an asset, unless that was done."""
        if not await has_loudness(tx, asset.sha256):
            value = msgspec.to_builtins(LoudnessInput(sha256=asset.sha256))
            await self._jobs.create(
                tx,
                NewJob(
                    kind=LOUDNESS, tenant=tenant, credential=credential, name=f"{asset.sha256[:32]}-{LOUDNESS}",
                    input=value, chunks=[NewChunk(payload=value, items=1)],
                ),
            )  # fmt: skip

    async def _is_current(self, tx: AsyncConnection, row: Row[Any]) -> bool:
        """Whether a derivative is being made, or is there."""
        if row.result is not None:
            held = exists().where(HOLDINGS.c.tenant == row.tenant, HOLDINGS.c.sha256 == row.result)
            return bool((await tx.execute(select(held))).scalar())
        state = (await tx.execute(select(JOBS.c.state).where(JOBS.c.id == row.job))).scalar()
        return state in OPEN_JOBS

    async def find_all(self, sha256: str, tenant: str) -> list[Derivative]:
        """Return the derivatives of an asset that a tenant has, the oldest first."""
        query = select(DERIVATIVES).where(DERIVATIVES.c.sha256 == sha256, DERIVATIVES.c.tenant == tenant)
        async with self._database.read() as tx:
            rows = (await tx.execute(query.order_by(DERIVATIVES.c.created, DERIVATIVES.c.plan))).all()
        jobs = {job.id: job for job in await self._jobs.find_all([row.job for row in rows])}
        return [Derivative.of(row, jobs.get(row.job)) for row in rows]


async def record_result(tx: AsyncConnection, job: str, sha256: str) -> None:
    """Write down the asset that a job has made, in the transaction that ends its chunk."""
    await tx.execute(update(DERIVATIVES).where(DERIVATIVES.c.job == job).values(result=sha256))


class UploadDerivatives:
    """Creates the jobs of what is uploaded (MEMEMIME_AV_ON_UPLOAD). See ``UploadJobs``."""

    def __init__(self, derivatives: Derivatives, rules: UploadRules) -> None:
        self._derivatives = derivatives
        self._rules = rules

    async def enqueue(self, tx: AsyncConnection, tenant: str, uploads: Uploads) -> None:
        """See ``UploadJobs``. Plans are for films alone, and what a job makes already is not made again."""
        digests = sorted({sha256 for sha256, *_ in uploads})
        rows = (await tx.execute(select(ASSETS).where(ASSETS.c.sha256.in_(digests)))).all()
        for row in rows:
            asset = AssetRow.of_row(row)
            for plan in self._rules.plans if row.media_type.startswith(_PICTURES) else ():
                await self._derivatives.create(tx, asset, plan, tenant, _UPLOAD_CREDENTIAL)
            if self._rules.measures_loudness and is_film(row.media_type):
                await self._derivatives.measure_loudness(tx, asset, tenant, _UPLOAD_CREDENTIAL)


def is_film(media_type: str) -> bool:
    """Return whether assets of a media type are films or sound."""
    return media_type.startswith((_PICTURES, _SOUND))


def parse_rules(texts: Sequence[str]) -> UploadRules:
    """Return the plans of a setting: ``ld:720@mp4``, and ``loudness``. RequestError."""
    plans = []
    for text in texts:
        if text == LOUDNESS:
            continue
        options, _, name = text.rpartition("@")
        try:
            plans.append(msgspec.convert({"options": options, "format": name}, DerivativePlan))
        except msgspec.ValidationError as error:
            raise RequestError(f"found {text!r}, expected options and a format, for example ld:720@mp4") from error
    return UploadRules(plans, LOUDNESS in texts)


def _job(asset: AssetRow, plan: DerivativePlan, tenant: str, credential: str, priority: int, webhook: str) -> NewJob:
    seconds = asset.facts.get("duration_ms", 0) / 1000
    count = min(_MAX_PARTS, max(1, ceil(seconds / _PART_SECONDS)))
    numbers = range(count if plan.format == STREAM else count + 1)
    return NewJob(
        kind=KIND,
        tenant=tenant,
        credential=credential,
        name=f"{asset.sha256[:32]}-{plan.key[:24]}",
        input=msgspec.to_builtins(DerivativeInput(sha256=asset.sha256, plan=plan)),
        chunks=[
            NewChunk(payload=msgspec.to_builtins(DerivativePart(number=number, count=count)), items=1)
            for number in numbers
        ],
        priority=priority,
        webhook=webhook,
    )
