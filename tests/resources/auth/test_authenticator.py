"""Authentication: API keys, upload tokens, rate limits, quotas."""

import asyncio
import base64
import json

import pytest
from sqlalchemy import select

from mememime_proxy.errors import QuotaError, RateError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.auth.authenticator import Authenticator
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.auth.quotas import TenantQuota
from mememime_proxy.resources.auth.rate_limit import RateLimiter
from mememime_proxy.resources.auth.upload_tokens import UploadTokens, count_token_use
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import API_KEYS, ASSETS, HOLDINGS, UPLOADS
from tests.support.clock import Clock

ADMIN = "a" * 32
TOKEN_KEYS = (b"k" * 32,)


@pytest.fixture
def clock():
    return Clock(1_700_000_000_000)


@pytest.fixture
async def keys(database, clock):
    api_keys = ApiKeys(database, clock)
    await api_keys.ensure_default_tenant()
    return api_keys


@pytest.fixture
def tokens(clock):
    return UploadTokens(TOKEN_KEYS, clock)


@pytest.fixture
def auth(keys, tokens, clock):
    return Authenticator(keys, tokens, ADMIN, clock, clock.seconds)


async def test_authenticator_api_key_returns_its_principal(keys, auth):
    await keys.set_tenant("shop", TenantQuota())
    key, text = await keys.create("shop", Role.WRITE, prefix="products/", label="the shop's")
    principal = await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    assert principal == Principal(tenant="shop", role=Role.WRITE, credential=f"key:{key.id}", prefix="products/")
    principal.check_alias("products/1")
    with pytest.raises(RoleError, match="products/"):
        principal.check_alias("other/1")


async def test_authenticator_admin_key_returns_an_administrator(auth):
    assert (await auth.authenticate(f"bearer {ADMIN}", accept_tokens=False)).is_admin


async def test_api_key_secret_is_not_stored(keys, database):
    _, text = await keys.create("default", Role.READ)
    async with database.read() as tx:
        row = (await tx.execute(select(API_KEYS))).one()
    assert text.split("_", 2)[2] not in str(row)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic x", f"Basic {ADMIN}", "Bearer x", "Bearer mk_x",
                                    f"Bearer {'b' * 32}", "Bearer mk_" + "0" * 32 + "_" + "x" * 43,
                                    "Bearer \udcff"])  # fmt: skip
async def test_authenticator_invalid_header_raises_unauthenticated(auth, header):
    with pytest.raises(UnauthenticatedError):
        await auth.authenticate(header, accept_tokens=True)


async def test_authenticator_key_changed_in_any_letter_is_refused(keys, auth):
    _, text = await keys.create("default", Role.READ)
    for place in range(len(text)):
        other = "0" if text[place] != "0" else "1"
        with pytest.raises(UnauthenticatedError):
            await auth.authenticate(f"Bearer {text[:place]}{other}{text[place + 1 :]}", accept_tokens=True)


async def test_authenticator_expired_key_is_refused(keys, auth, clock):
    _, text = await keys.create("default", Role.READ, expires=clock() + 1000)
    await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    clock.now += 1000
    with pytest.raises(UnauthenticatedError):
        await auth.authenticate(f"Bearer {text}", accept_tokens=False)


async def test_authenticator_revoked_key_is_refused_after_the_cache_time(keys, auth, clock):
    key, text = await keys.create("default", Role.READ)
    await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    assert await keys.revoke(key.id)
    assert not await keys.revoke(key.id)
    clock.now += 2001
    with pytest.raises(UnauthenticatedError):
        await auth.authenticate(f"Bearer {text}", accept_tokens=False)


async def test_api_key_of_an_unknown_tenant_is_refused(keys):
    with pytest.raises(RequestError, match="nobody"):
        await keys.create("nobody", Role.READ)


async def test_api_keys_of_a_tenant_are_listed(keys):
    await keys.set_tenant("shop", TenantQuota())
    ours = [(await keys.create("shop", Role.READ))[0] for _ in range(3)]
    await keys.create("default", Role.READ)
    assert {key.id for key in await keys.list_keys("shop")} == {key.id for key in ours}
    assert len(await keys.list_keys()) == 4
    assert {key.tenant for key in await keys.list_keys()} == {"default", "shop"}


WRITER = Principal(tenant="default", role=Role.WRITE, credential="key:x", prefix="shop/")


async def test_upload_token_verified_returns_its_claims(auth, tokens):
    text, claims = tokens.issue(
        WRITER, 60, prefix="shop/a/", max_size=10, types=("image/png",), count=2, sha256="a" * 64
    )
    principal = await auth.authenticate(f"Bearer {text}", accept_tokens=True)
    assert (principal.tenant, principal.prefix, principal.claims) == ("default", "shop/a/", claims)
    assert (claims.max_size, claims.types, claims.count, claims.sha256) == (10, ("image/png",), 2, "a" * 64)
    with pytest.raises(RoleError, match="uploads only"):
        await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    principal.check_alias("shop/a/1")
    with pytest.raises(RoleError):
        principal.check_alias("shop/b/1")


def test_upload_token_beyond_its_issuer_is_refused(tokens):
    with pytest.raises(RoleError):
        tokens.issue(WRITER, 60, prefix="other/")


async def test_upload_token_expired_is_refused(auth, tokens, clock):
    text, _ = tokens.issue(WRITER, 60, prefix="shop/")
    clock.now += 60_000
    with pytest.raises(UnauthenticatedError, match="expired"):
        await auth.authenticate(f"Bearer {text}", accept_tokens=True)


@pytest.mark.promise("G11")
async def test_upload_token_forged_is_refused(auth, tokens, clock):
    text, _ = UploadTokens((b"other",), clock).issue(WRITER, 60, prefix="shop/")
    payload = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    for forged in (text, f"{payload}.{payload}.", f"{payload}.e30.", f"{payload}..", "e30.e30.e30"):
        with pytest.raises(UnauthenticatedError):
            await auth.authenticate(f"Bearer {forged}", accept_tokens=True)
    without = UploadTokens((), clock)
    with pytest.raises(UnauthenticatedError):
        without.authenticate(text)
    with pytest.raises(RequestError, match="MEMEMIME_TOKEN_KEY"):
        without.issue(WRITER, 60, prefix="shop/")


async def test_upload_token_of_a_rotated_key_is_accepted(clock):
    old, both, new = (UploadTokens(keys, clock) for keys in ((b"1",), (b"2", b"1"), (b"2",)))
    assert both.authenticate(old.issue(WRITER, 60, prefix="shop/")[0]).prefix == "shop/"
    assert new.authenticate(both.issue(WRITER, 60, prefix="shop/")[0]).prefix == "shop/"


@pytest.mark.promise("G11")
async def test_token_use_single_of_a_hundred_concurrent_uploads_is_counted_once(database, database_url, tokens):
    text, _ = tokens.issue(WRITER, 60, prefix="shop/", count=1)
    principal = tokens.authenticate(text)
    second = Database(database_url)
    await second.start()

    async def use(through):
        try:
            async with through.write() as tx:
                await count_token_use(through, tx, principal)
        except RoleError:
            return False
        return True

    used = await asyncio.gather(*(use(through) for through in (database, second) * 50))
    await second.close()
    assert sum(used) == 1


async def test_token_use_of_a_rolled_back_upload_is_not_counted(database, tokens):
    principal = tokens.authenticate(tokens.issue(WRITER, 60, prefix="shop/", count=1)[0])

    async def in_vain():
        async with database.write() as tx:
            await count_token_use(database, tx, principal)
            raise QuotaError

    with pytest.raises(QuotaError):
        await in_vain()
    async with database.write() as tx:
        await count_token_use(database, tx, principal)


async def test_authenticator_too_many_requests_raise_rate_error_with_retry_after(keys, auth, clock):
    await keys.set_tenant("shop", TenantQuota(requests_per_minute=3))
    _, text = await keys.create("shop", Role.READ)
    for _ in range(3):
        await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    with pytest.raises(RateError) as caught:
        await auth.authenticate(f"Bearer {text}", accept_tokens=False)
    assert caught.value.retry_after == 20
    clock.now += 20_000
    await auth.authenticate(f"Bearer {text}", accept_tokens=False)


def test_rate_limiter_without_limit_never_refuses_and_with_zero_always():
    limiter = RateLimiter(lambda: 0.0)
    for _ in range(1000):
        limiter.take("a", None)
    with pytest.raises(RateError):
        limiter.take("b", 0)


async def _have(database, clock, tenant, name, size):
    async with database.write() as tx:
        await tx.execute(database.insert(ASSETS).values(
            sha256=name * 64, state="ready", size=size, stored_sha256=name * 64, stored_size=size, facts={},
            created=clock(), changed=clock()))  # fmt: skip
        await tx.execute(database.insert(HOLDINGS).values(tenant=tenant, sha256=name * 64, created=clock()))


async def _reserve(database, clock, tenant, name, length, state="receiving"):
    async with database.write() as tx:
        await tx.execute(database.insert(UPLOADS).values(
            id=name * 32, tenant=tenant, credential="key:x", kind="plain", state=state, length=length, received=5,
            metadata={}, intent={}, principal={}, size_limit=9, parts=[], created=clock(), changed=clock(),
            expires=clock()))  # fmt: skip


async def test_quota_stored_and_reserved_bytes_are_counted(database, keys, clock):
    await keys.set_tenant("shop", TenantQuota(max_bytes=100, max_assets=2))
    await _have(database, clock, "shop", "a", 40)
    await _reserve(database, clock, "shop", "1", 30)
    await _reserve(database, clock, "shop", "2", None)
    await _reserve(database, clock, "shop", "3", 1000, "done")
    await _reserve(database, clock, "default", "4", 1000)
    async with database.read() as tx:
        assert await quotas.measure_usage(tx, "shop") == quotas.Usage(1, 40, 35)
    async with database.write() as tx:
        await quotas.check_quota(tx, "shop", 25)
        await quotas.check_quota(tx, "default", 1 << 50)
        with pytest.raises(QuotaError, match="found 26 bytes, at most 25"):
            await quotas.check_quota(tx, "shop", 26)
        with pytest.raises(QuotaError, match="at most 2 assets"):
            await quotas.check_quota(tx, "shop", 1, 2)


async def test_quota_last_free_place_is_taken_once(database, database_url, keys, clock):
    await keys.set_tenant("shop", TenantQuota(max_assets=1))
    second = Database(database_url)
    await second.start()

    async def take(through, name):
        try:
            async with through.write() as tx:
                await quotas.check_quota(tx, "shop", 1)
                await tx.execute(through.insert(ASSETS).values(
                    sha256=name * 64, state="ready", size=1, stored_sha256=name * 64, stored_size=1, facts={},
                    created=clock(), changed=clock()))  # fmt: skip
                await tx.execute(through.insert(HOLDINGS).values(tenant="shop", sha256=name * 64, created=clock()))
        except QuotaError:
            return False
        return True

    taken = await asyncio.gather(*(take((database, second)[n % 2], f"{n:x}") for n in range(16)))
    await second.close()
    assert sum(taken) == 1
