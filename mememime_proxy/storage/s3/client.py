"""Connection pool and credentials for one S3 account."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from math import inf
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.credentials import (
    AioAssumeRoleCredentialFetcher,
    AioCredentialResolver,
    AioDeferredRefreshableCredentials,
)
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.handlers import add_expect_header
from botocore.parsers import ResponseParserFactory

from mememime_proxy import __version__
from mememime_proxy.errors import StorageDeniedError, StorageUnavailableError
from mememime_proxy.storage.resilience.attempts import Attempts
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.direct_client import DirectClient
from mememime_proxy.storage.s3.errors import FOREIGN, translate_error

CONNECTIONS = 128
CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 10.0
"""Seconds without a byte of a body."""
_KEEP_ALIVE = 60.0
_USER_AGENT = f"mememime/{__version__}"
_DEFAULT_REGION = "us-west-1"
_LOOK_PAUSE = 5.0
"""Seconds between two searches for missing credentials: a search may ask servers of the network."""
_BUCKETS = 1000
"""Buckets whose health is remembered: without a list of allowed buckets, URLs may name any number."""

# Their debug messages contain the signed headers, among them the session token.
for _name in ("botocore", "aiobotocore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Session(AIOHTTPSession):  # type: ignore[misc]
    """aiobotocore's pool, without aiohttp's own retry after a broken connection.

    That retry would be neither counted nor limited by the budget, and a conditional write would fail because of its own
    first attempt.
    """

    def __init__(self, on_open: Callable[[aiohttp.ClientSession], None], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._on_open = on_open

    async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession:
        session: aiohttp.ClientSession = await super()._get_session(proxy_url)
        session._retry_connection = False
        if proxy_url is None:
            self._on_open(session)
        return session


class _NoCredentialsError(StorageDeniedError):
    """There are no credentials, neither in the settings nor where the SDK looks for them."""


class S3Client:
    """Client of one S3 account; all buckets share its connections.

    ``clock`` (seconds), ``sleep`` and ``jitter`` (0–1) time the retries.
    """

    def __init__(
        self,
        account: S3Account,
        *,
        connections: int = CONNECTIONS,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.account = account
        self.stats = StorageStats(account.name)
        self._timing = (clock, sleep, jitter)
        self._attempts: dict[str, Attempts] = {}
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._next_look = inf
        """When credentials that were missing at the start may be looked for again; infinity where they were found."""
        self.direct = DirectClient(account.name, _USER_AGENT)
        self._config = AioConfig(
            user_agent=_USER_AGENT,  # a fixed one is not built anew for each request
            signature_version="s3v4",  # else URLs would be presigned with the version before
            s3={"addressing_style": _addressing(account)},
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=connections,
            http_session_cls=partial(_Session, self._use_session),
            connector_args={"keepalive_timeout": _KEEP_ALIVE},
            parameter_validation=False,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    @property
    def sdk(self) -> Any:
        """Return aiobotocore's client. StorageUnavailableError before ``start`` and after ``close``."""
        if self._client is None:
            raise StorageUnavailableError(f"{self.account.name}: not open")
        return self._client

    async def start(self, *, may_wait: bool = False) -> None:
        """Find credentials and create the pool. StorageDeniedError where there are no credentials.

        ``may_wait``: that is no error; they are looked for again when ``require_open`` is called.
        """
        if self._client is not None:
            return
        try:
            await self._open()
        except _NoCredentialsError:
            if not may_wait:
                raise
            self._next_look = self._timing[0]() + _LOOK_PAUSE

    async def require_open(self) -> None:
        """Return if the client is open or can be opened now. StorageDeniedError where credentials are still missing."""
        if self._next_look == inf:
            return
        async with self._opening:
            now = self._timing[0]()
            if self._next_look == inf:  # another task has opened it, or it was closed
                return
            if now < self._next_look:
                raise _NoCredentialsError(f"{self.account.name}: no credentials found")
            self._next_look = now + _LOOK_PAUSE
            await self._open()
            self._next_look = inf

    async def _open(self) -> None:
        account, session = self.account, AioSession()
        if account.access_key_id:
            token = account.session_token or None
            session.set_credentials(account.access_key_id, account.secret_access_key, token)
        # Times remain texts: parsing them takes a tenth of the time of a request.
        parsers: ResponseParserFactory = session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=str)
        try:
            if await session.get_credentials() is None:
                raise _NoCredentialsError(f"{account.name}: no credentials found")
            region = account.region or session.get_config_variable("region") or _DEFAULT_REGION
            if account.role_arn:
                session = _assume_role(session, account, region)
            client = await self._stack.enter_async_context(
                session.create_client(
                    "s3", region_name=region, endpoint_url=account.endpoint or None, config=self._config
                )
            )
        except FOREIGN as error:
            raise translate_error(error, f"{account.name}: start") from None
        # With one attempt this handler decides nothing, and costs time for each response.
        client.meta.events.unregister("needs-retry.s3", unique_id="retry-config-s3")
        # Bodies are small enough to be sent without "Expect: 100-continue", which costs a round trip.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        self.direct.open(client, await session.get_credentials())
        self._client = client

    def _use_session(self, session: aiohttp.ClientSession) -> None:
        self.direct.session = session

    async def close(self) -> None:
        """Close all connections."""
        self._client, self._next_look = None, inf
        self.direct.close()
        await self._stack.aclose()

    def attempts(self, bucket: str) -> Attempts:
        """Return the attempts of ``bucket``: its breaker, budgets and latency, shared by all its users."""
        attempts = self._attempts.get(bucket)
        if attempts is None:
            while len(self._attempts) >= _BUCKETS:
                oldest = next(iter(self._attempts))
                del self._attempts[oldest], self.stats.breakers[oldest]
            clock, sleep, jitter = self._timing
            attempts = self._attempts[bucket] = Attempts(bucket, self.stats, clock, sleep, jitter)
        return attempts


def _addressing(account: S3Account) -> str:
    if not account.endpoint:
        return "auto"  # AWS: bucket in the host name, unless its name has dots, which no certificate covers
    return "path" if account.path_style else "virtual"


def _assume_role(source: AioSession, account: S3Account, region: str) -> AioSession:
    """Return a session with the role's credentials, fetched at the first use and renewed before they expire."""

    class Role:
        METHOD = "assume-role"
        CANONICAL_NAME = None

        async def load(self) -> AioDeferredRefreshableCredentials:
            def create_client(service: str, **arguments: Any) -> Any:
                return source.create_client(service, **{"region_name": region} | arguments)

            fetcher = AioAssumeRoleCredentialFetcher(
                client_creator=create_client,
                source_credentials=await source.get_credentials(),
                role_arn=account.role_arn,
                extra_args={"ExternalId": account.external_id} if account.external_id else {},
            )
            return AioDeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    session = AioSession()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    session.register_component("credential_provider", AioCredentialResolver([Role()]))
    return session
