"""Sessions on both databases: begun with a key, ended by log-out, time, idleness, and the end of their key."""

import secrets

import pytest

from mememime_proxy.errors import RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.api_keys import ApiKeys
from mememime_proxy.resources.auth.authenticator import Authenticator
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.auth.sessions import IDLE, LIFETIME, LINK_LIFETIME, Sessions
from mememime_proxy.resources.auth.upload_tokens import UploadTokens
from mememime_proxy.service.tokens import SIGN_IN_SCOPE, Tokens

ADMIN = "a" * 40
KEY = b"k" * 32


class Clock:
    """Milliseconds; the same time in seconds for the cache of keys."""

    def __init__(self):
        self.now = 1_700_000_000_000

    def __call__(self):
        return self.now

    def seconds(self):
        return self.now / 1000


@pytest.fixture
async def parts(database):
    clock = Clock()
    keys, tokens = ApiKeys(database, clock), UploadTokens((KEY,), clock)
    await keys.ensure_default_tenant()
    authenticator = Authenticator(keys, tokens, ADMIN, clock, clock.seconds)
    return Sessions(database, authenticator, (KEY,), clock), keys, authenticator, clock


async def new_key(keys, role=Role.WRITE):
    key, text = await keys.create("default", role, prefix="shop/", label="", expires=None)
    return key, text


async def test_session_has_the_permissions_of_its_key(parts):
    sessions, keys, _, _ = parts
    key, text = await new_key(keys)
    begun, cookie = await sessions.begin(text)
    found = await sessions.find(cookie)
    assert found == begun
    assert found.principal.credential == f"key:{key.id}"
    assert (found.principal.role, found.principal.prefix) == (Role.WRITE, "shop/")
    assert text not in cookie
    other, _ = await sessions.begin(text)
    assert (other.id, other.csrf_token) != (begun.id, begun.csrf_token)


async def test_session_ends_by_logout_time_and_idleness(parts):
    sessions, keys, _, clock = parts
    _, text = await new_key(keys)
    begun, cookie = await sessions.begin(text)
    await sessions.end(begun.id)
    with pytest.raises(UnauthenticatedError):
        await sessions.find(cookie)
    _, cookie = await sessions.begin(text)
    clock.now += 1000 * IDLE + 1
    with pytest.raises(UnauthenticatedError):
        await sessions.find(cookie)
    _, cookie = await sessions.begin(text)
    for _ in range(LIFETIME // 3600):
        clock.now += 3_600_000
        await sessions.find(cookie)  # used every hour, it lives as long as it may
    clock.now += 1001
    with pytest.raises(UnauthenticatedError):
        await sessions.find(cookie)


async def test_revoked_key_ends_its_sessions_within_two_seconds(parts):
    sessions, keys, _, clock = parts
    key, text = await new_key(keys)
    _, cookie = await sessions.begin(text)
    await sessions.find(cookie)
    await keys.revoke(key.id)
    clock.now += 2001
    with pytest.raises(UnauthenticatedError):
        await sessions.find(cookie)


async def test_another_key_of_the_administrator_ends_the_sessions_of_the_former_one(parts):
    sessions, _, authenticator, clock = parts
    _, cookie = await sessions.begin(ADMIN)
    assert (await sessions.find(cookie)).principal.is_admin
    authenticator.use(UploadTokens((KEY,), clock), "b" * 40)
    with pytest.raises(UnauthenticatedError):
        await sessions.find(cookie)


async def test_forged_cookies_are_refused(parts):
    sessions, keys, _, _ = parts
    _, text = await new_key(keys)
    begun, cookie = await sessions.begin(text)
    forged = Tokens(b"other" * 8, "console").issue({"id": begun.id})
    of_another_scope = Tokens(KEY, "upload").issue({"id": begun.id})
    for wrong in ("", "x", cookie[:-2] + "xx", forged, of_another_scope, Tokens(KEY, "console").issue([begun.id])):
        with pytest.raises(UnauthenticatedError):
            await sessions.find(wrong)
    for wrong in (text[:-1], "", "ä"):
        with pytest.raises(UnauthenticatedError):
            await sessions.begin(wrong)
    upload_token, _ = UploadTokens((KEY,), lambda: 1_700_000_000_000).issue(begun.principal, 60, prefix="shop/")
    with pytest.raises((UnauthenticatedError, RoleError)):
        await sessions.begin(upload_token)


async def test_csrf_token_is_that_of_the_session(parts):
    sessions, keys, _, _ = parts
    _, text = await new_key(keys)
    (one, _), (other, _) = await sessions.begin(text), await sessions.begin(text)
    sessions.check_csrf(one, one.csrf_token)
    for wrong in ("", other.csrf_token, "ä", one.id):
        with pytest.raises(RoleError):
            sessions.check_csrf(one, wrong)


async def test_link_works_once_and_for_a_while(parts):
    sessions, _, _, clock = parts
    links = Tokens(KEY, SIGN_IN_SCOPE, clock.seconds)
    link = links.issue({"id": secrets.token_hex(16)})
    session, _ = await sessions.begin_with_link(link, ADMIN)
    assert session.principal.is_admin
    old = links.issue({"id": secrets.token_hex(16)})
    for wrong, admin in ((link, ADMIN), (old, ""), ("x", ADMIN), (links.issue({"id": "short"}), ADMIN)):
        with pytest.raises(UnauthenticatedError):
            await sessions.begin_with_link(wrong, admin)
    clock.now += 1000 * LINK_LIFETIME + 2000
    with pytest.raises(UnauthenticatedError):
        await sessions.begin_with_link(old, ADMIN)


async def test_without_a_key_there_are_no_sessions(parts):
    sessions, _, _, _ = parts
    sessions.use(())
    with pytest.raises(RequestError):
        await sessions.begin(ADMIN)
