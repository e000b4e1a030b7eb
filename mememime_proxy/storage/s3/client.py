"""One connection pool to one S3 server with one identity."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
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
from mememime_proxy.storage.s3.errors import FOREIGN, translated
from mememime_proxy.storage.s3.get import DirectGet

CONNECTIONS = 128
CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 10.0
"""Seconds that a body may stand still."""
_KEEP_ALIVE = 60.0
_USER_AGENT = f"mememime/{__version__}"
_REGION = "us-west-1"
_BUCKETS = 1000
"""Buckets whose state is kept; URLs can name any number of them where no list of allowed ones is set."""

# Their debug lines quote the headers that are signed, and a session token is one of these.
for _name in ("botocore", "aiobotocore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Session(AIOHTTPSession):  # type: ignore[misc]
    """aiobotocore's pool, without the second try that aiohttp makes unasked where a connection breaks.

    It would be neither counted nor held against a budget, and a conditional write would meet its own first one.
    """

    def __init__(self, opened: Callable[[aiohttp.ClientSession], None], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._opened = opened

    async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession:
        session: aiohttp.ClientSession = await super()._get_session(proxy_url)
        session._retry_connection = False
        if proxy_url is None:
            self._opened(session)
        return session


class S3Client:
    """Opened once by ``start``, closed by ``close``; buckets share its connections.

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
        self._direct: DirectGet | None = None
        self._config = AioConfig(
            user_agent=_USER_AGENT,  # one of our own is not put together anew for each request
            signature_version="s3v4",  # else addresses would be signed by the version before it
            s3={"addressing_style": _addressing(account)},
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=connections,
            http_session_cls=partial(_Session, self._opened),
            connector_args={"keepalive_timeout": _KEEP_ALIVE},
            parameter_validation=False,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    @property
    def sdk(self) -> Any:
        """aiobotocore's client. StorageUnavailableError before ``start`` and after ``close``."""
        if self._client is None:
            raise StorageUnavailableError(f"{self.account.name}: not open")
        return self._client

    @property
    def direct(self) -> DirectGet:
        """Makes the GETs of objects. StorageUnavailableError before ``start`` and after ``close``."""
        if self._direct is None:
            raise StorageUnavailableError(f"{self.account.name}: not open")
        return self._direct

    async def start(self) -> None:
        """Finds credentials and makes the pool. StorageDeniedError where there are no credentials."""
        if self._client is not None:
            return
        account, session = self.account, AioSession()
        if account.access_key_id:
            token = account.session_token or None
            session.set_credentials(account.access_key_id, account.secret_access_key, token)
        # Times stay the texts that they are: nobody here computes with them, and parsing is a tenth of a request.
        parsers: ResponseParserFactory = session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=str)
        try:
            if await session.get_credentials() is None:
                raise StorageDeniedError(f"{account.name}: no credentials found")
            region = account.region or session.get_config_variable("region") or _REGION
            if account.role_arn:
                session = _assuming(session, account, region)
            client = await self._stack.enter_async_context(
                session.create_client(
                    "s3", region_name=region, endpoint_url=account.endpoint or None, config=self._config
                )
            )
        except FOREIGN as error:
            raise translated(error, f"{account.name}: start") from None
        # With one attempt this handler decides nothing; it would cost a walk through its rules each time.
        client.meta.events.unregister("needs-retry.s3", unique_id="retry-config-s3")
        # Bodies are small enough to be sent without asking first, which takes a round trip.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        self._direct = DirectGet(client, await session.get_credentials(), _USER_AGENT)
        self._client = client

    def _opened(self, session: aiohttp.ClientSession) -> None:
        if self._direct is not None:
            self._direct.session = session

    async def close(self) -> None:
        """Ends all connections."""
        self._client = self._direct = None
        await self._stack.aclose()

    def attempts(self, bucket: str) -> Attempts:
        """What is known of the bucket's health: one object for all who ask for the bucket."""
        found = self._attempts.get(bucket)
        if found is None:
            while len(self._attempts) >= _BUCKETS:
                oldest = next(iter(self._attempts))
                del self._attempts[oldest], self.stats.breakers[oldest]
            clock, sleep, jitter = self._timing
            found = self._attempts[bucket] = Attempts(bucket, self.stats, clock, sleep, jitter)
        return found


def _addressing(account: S3Account) -> str:
    if not account.endpoint:
        return "auto"  # AWS: in the host's name, unless the bucket's has dots that no certificate covers
    return "path" if account.path_style else "virtual"


def _assuming(source: AioSession, account: S3Account, region: str) -> AioSession:
    """A session with the role's credentials, which are fetched when first needed and renewed before they end."""

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
