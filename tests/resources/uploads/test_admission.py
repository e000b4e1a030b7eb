import secrets

import pytest

from mememime_proxy.errors import (
    AliasNameError,
    DigestError,
    OverloadError,
    RoleError,
    UploadTooLargeError,
    UploadTypeError,
)
from mememime_proxy.resources.aliases.model import AliasCondition
from mememime_proxy.resources.auth.principal import Principal, Role, TokenClaims
from mememime_proxy.resources.uploads.admission import UploadSlots, check_size, check_type, size_limit, upload_intent
from mememime_proxy.resources.uploads.model import UploadIntent

WRITER = Principal(tenant="somebody", role=Role.WRITE, credential="key:w")
READER = Principal(tenant="somebody", role=Role.READ, credential="key:r")


def token(**claims):
    name = secrets.token_hex(16)
    return Principal(
        tenant="somebody",
        role=Role.WRITE,
        credential=f"token:{name}",
        prefix="a/",
        claims=TokenClaims(id=name, **claims),
    )


def test_size_limit_is_the_smaller_of_service_and_token():
    assert size_limit(WRITER, 100) == 100
    assert size_limit(token(), 100) == 100
    assert size_limit(token(max_size=5), 100) == 5
    assert size_limit(token(max_size=500), 100) == 100
    check_size(5, 5)
    with pytest.raises(UploadTooLargeError):
        check_size(6, 5)


def test_media_type_outside_the_token_is_refused():
    check_type(WRITER, "image/gif")
    check_type(token(), "image/gif")
    check_type(token(types=("image/gif",)), "image/gif")
    with pytest.raises(UploadTypeError):
        check_type(token(types=("image/png",)), "image/gif")


def test_intent_has_the_normalised_alias_and_its_condition():
    condition = AliasCondition(version=7)
    intent = upload_intent(WRITER, sha256="0" * 64, alias="cafe\u0301", condition=condition)
    assert intent == UploadIntent(sha256="0" * 64, alias="caf\xe9", condition=condition)
    assert upload_intent(WRITER) == UploadIntent()


@pytest.mark.parametrize(
    ("principal", "intent", "error"),
    [
        (token(), {"alias": "b/x"}, RoleError),
        (READER, {"alias": "b/x"}, RoleError),
        (WRITER, {"alias": "../x"}, AliasNameError),
        (token(sha256="0" * 64), {"sha256": "1" * 64}, DigestError),
    ],
)
def test_intent_that_the_caller_may_not_have_is_refused(principal, intent, error):
    with pytest.raises(error):
        upload_intent(principal, **intent)


def test_upload_beyond_the_slots_is_refused_until_one_is_free():
    slots = UploadSlots(1)
    with slots.take(), pytest.raises(OverloadError), slots.take():
        pass
    with slots.take():
        pass
