import asyncio
import base64
import json

import pytest
from sqlalchemy import select

from mememime_proxy.errors import QuotaError, RateError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.api_keys import Keys, Limits
from mememime_proxy.resources.auth.authenticator import Auth
from mememime_proxy.resources.auth.principal import Caller, Role, Scope
from mememime_proxy.resources.auth.rate_limit import Rates
from mememime_proxy.resources.auth.upload_tokens import UploadTokens, spend
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import API_KEYS, ASSETS, HOLDINGS, UPLOADS

ADMIN = "a" * 32
TOKEN_KEYS = (b"k" * 32,)


class Clock:
    """Milliseconds; seconds for what measures by them."""

    def __init__(self):
        self.now = 1_700_000_000_000

    def __call__(self):
        return self.now

    def seconds(self):
        return self.now / 1000


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def keys(database, clock):
    found = Keys(database, clock)
    await found.ensure_default()
    return found


@pytest.fixture
def tokens(clock):
    return UploadTokens(TOKEN_KEYS, clock)


@pytest.fixture
def auth(keys, tokens, clock):
    return Auth(keys, tokens, ADMIN, clock, clock.seconds)


async def test_a_key_is_its_tenant_s(keys, auth):
    await keys.set_tenant("shop", Limits())
    key, text = await keys.create("shop", Role.WRITE, prefix="products/", label="the shop's")
    caller = await auth.caller(f"Bearer {text}", tokens=False)
    assert caller == Caller(tenant="shop", role=Role.WRITE, credential=f"key:{key.id}", prefix="products/")
    caller.may_name("products/1")
    with pytest.raises(RoleError, match="products/"):
        caller.may_name("other/1")


async def test_the_key_of_the_settings_may_everything(auth):
    assert (await auth.caller(f"bearer {ADMIN}", tokens=False)).is_admin


async def test_secrets_are_not_kept(keys, database):
    _, text = await keys.create("default", Role.READ)
    async with database.read() as tx:
        row = (await tx.execute(select(API_KEYS))).one()
    assert text.split("_", 2)[2] not in str(row)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic x", f"Basic {ADMIN}", "Bearer x", "Bearer mk_x",
                                    f"Bearer {'b' * 32}", "Bearer mk_" + "0" * 32 + "_" + "x" * 43,
                                    "Bearer \udcff"])  # fmt: skip
async def test_everything_else_is_nobody_s(auth, header):
    with pytest.raises(UnauthenticatedError):
        await auth.caller(header, tokens=True)


async def test_every_change_of_a_key_is_noticed(keys, auth):
    _, text = await keys.create("default", Role.READ)
    for place in range(len(text)):
        other = "0" if text[place] != "0" else "1"
        with pytest.raises(UnauthenticatedError):
            await auth.caller(f"Bearer {text[:place]}{other}{text[place + 1 :]}", tokens=True)


async def test_keys_end(keys, auth, clock):
    _, text = await keys.create("default", Role.READ, expires=clock() + 1000)
    await auth.caller(f"Bearer {text}", tokens=False)
    clock.now += 1000
    with pytest.raises(UnauthenticatedError):
        await auth.caller(f"Bearer {text}", tokens=False)


async def test_a_revoked_key_is_remembered_for_two_seconds_at_most(keys, auth, clock):
    key, text = await keys.create("default", Role.READ)
    await auth.caller(f"Bearer {text}", tokens=False)
    assert await keys.revoke(key.id)
    assert not await keys.revoke(key.id)
    clock.now += 2001
    with pytest.raises(UnauthenticatedError):
        await auth.caller(f"Bearer {text}", tokens=False)


async def test_there_are_no_keys_of_nobody(keys):
    with pytest.raises(RequestError, match="nobody"):
        await keys.create("nobody", Role.READ)


async def test_keys_are_listed_by_tenant(keys):
    await keys.set_tenant("shop", Limits())
    ours = [(await keys.create("shop", Role.READ))[0] for _ in range(3)]
    await keys.create("default", Role.READ)
    assert {key.id for key in await keys.all("shop")} == {key.id for key in ours}
    assert len(await keys.all()) == 4
    assert await keys.tenants() == ["default", "shop"]


WRITER = Caller(tenant="default", role=Role.WRITE, credential="key:x", prefix="shop/")


async def test_a_token_allows_what_it_was_made_for(auth, tokens):
    scope = Scope(id="", max_size=10, types=("image/png",), count=2, sha256="a" * 64)
    text, made = tokens.make(WRITER, scope, "shop/a/", 60)
    caller = await auth.caller(f"Bearer {text}", tokens=True)
    assert (caller.tenant, caller.prefix, caller.scope) == ("default", "shop/a/", made)
    assert (made.max_size, made.types, made.count, made.sha256) == (10, ("image/png",), 2, "a" * 64)
    with pytest.raises(RoleError, match="uploads only"):
        await auth.caller(f"Bearer {text}", tokens=False)
    caller.may_name("shop/a/1")
    with pytest.raises(RoleError):
        caller.may_name("shop/b/1")


def test_a_token_is_no_more_than_its_maker(tokens):
    with pytest.raises(RoleError):
        tokens.make(WRITER, Scope(id=""), "other/", 60)


async def test_tokens_end(auth, tokens, clock):
    text, _ = tokens.make(WRITER, Scope(id=""), "shop/", 60)
    clock.now += 60_000
    with pytest.raises(UnauthenticatedError, match="expired"):
        await auth.caller(f"Bearer {text}", tokens=True)


@pytest.mark.promise("G11")
async def test_tokens_of_others_and_of_none_are_refused(auth, tokens, clock):
    text, _ = UploadTokens((b"other",), clock).make(WRITER, Scope(id=""), "shop/", 60)
    payload = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    for forged in (text, f"{payload}.{payload}.", f"{payload}.e30.", f"{payload}..", "e30.e30.e30"):
        with pytest.raises(UnauthenticatedError):
            await auth.caller(f"Bearer {forged}", tokens=True)
    without = UploadTokens((), clock)
    with pytest.raises(UnauthenticatedError):
        without.caller(text)
    with pytest.raises(RequestError, match="MEMEMIME_TOKEN_KEY"):
        without.make(WRITER, Scope(id=""), "shop/", 60)


async def test_token_keys_are_rotated(clock):
    old, both, new = (UploadTokens(keys, clock) for keys in ((b"1",), (b"1", b"2"), (b"2",)))
    assert both.caller(old.make(WRITER, Scope(id=""), "shop/", 60)[0]).prefix == "shop/"
    assert new.caller(both.make(WRITER, Scope(id=""), "shop/", 60)[0]).prefix == "shop/"


@pytest.mark.promise("G11")
async def test_a_token_for_one_upload_is_good_for_one_of_a_hundred_at_once(database, database_url, tokens):
    text, _ = tokens.make(WRITER, Scope(id="", count=1), "shop/", 60)
    caller = tokens.caller(text)
    second = Database(database_url)
    await second.start()

    async def use(through):
        try:
            async with through.write() as tx:
                await spend(through, tx, caller)
        except RoleError:
            return False
        return True

    used = await asyncio.gather(*(use(through) for through in (database, second) * 50))
    await second.close()
    assert sum(used) == 1


async def test_an_upload_that_did_not_begin_has_not_used_the_token(database, tokens):
    caller = tokens.caller(tokens.make(WRITER, Scope(id="", count=1), "shop/", 60)[0])

    async def in_vain():
        async with database.write() as tx:
            await spend(database, tx, caller)
            raise QuotaError

    with pytest.raises(QuotaError):
        await in_vain()
    async with database.write() as tx:
        await spend(database, tx, caller)


async def test_who_asks_too_often_has_to_wait(keys, auth, clock):
    await keys.set_tenant("shop", Limits(requests_per_minute=3))
    _, text = await keys.create("shop", Role.READ)
    for _ in range(3):
        await auth.caller(f"Bearer {text}", tokens=False)
    with pytest.raises(RateError) as caught:
        await auth.caller(f"Bearer {text}", tokens=False)
    assert caught.value.retry_after == 20
    clock.now += 20_000
    await auth.caller(f"Bearer {text}", tokens=False)


def test_nobody_waits_without_a_limit_and_everybody_with_none_allowed():
    rates = Rates(lambda: 0.0)
    for _ in range(1000):
        rates.take("a", None)
    with pytest.raises(RateError):
        rates.take("b", 0)


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


async def test_room_is_what_is_had_and_what_is_under_way(database, keys, clock):
    await keys.set_tenant("shop", Limits(max_bytes=100, max_assets=2))
    await _have(database, clock, "shop", "a", 40)
    await _reserve(database, clock, "shop", "1", 30)
    await _reserve(database, clock, "shop", "2", None)
    await _reserve(database, clock, "shop", "3", 1000, "done")
    await _reserve(database, clock, "default", "4", 1000)
    async with database.read() as tx:
        assert await quotas.usage(tx, "shop") == quotas.Usage(1, 40, 35)
    async with database.write() as tx:
        await quotas.check_room(tx, "shop", 25)
        await quotas.check_room(tx, "default", 1 << 50)
        with pytest.raises(QuotaError, match="26 bytes do not fit into the 25"):
            await quotas.check_room(tx, "shop", 26)
        with pytest.raises(QuotaError, match="2 assets"):
            await quotas.check_room(tx, "shop", 1, 2)


async def test_the_last_place_is_given_away_once(database, database_url, keys, clock):
    await keys.set_tenant("shop", Limits(max_assets=1))
    second = Database(database_url)
    await second.start()

    async def take(through, name):
        try:
            async with through.write() as tx:
                await quotas.check_room(tx, "shop", 1)
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
