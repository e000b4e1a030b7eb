"""JSON documents of aliases, and the cursor of a list."""

import base64

import pytest

from mememime_proxy.asset_facts import Point
from mememime_proxy.errors import RequestError
from mememime_proxy.resources.aliases.model import AliasContent, AliasVersionRow
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.database.states import AliasAction, AssetState
from mememime_proxy.resources.routes.alias_documents import (
    AliasAsset,
    AliasUpdate,
    AliasVersion,
    FocalPoint,
    decode_cursor,
    encode_cursor,
)

DIGEST = "ab" * 32


@pytest.mark.parametrize("name", ["a", "shoes/front", "über/日本"])
def test_cursor_round_trip(name):
    assert decode_cursor(encode_cursor(name)) == name


def test_cursor_empty_is_the_first_page():
    assert decode_cursor("") == ""


@pytest.mark.parametrize("cursor", ["!", "/w", base64.urlsafe_b64encode(b"a//b").decode()])
def test_cursor_invalid_raises_request_error(cursor):
    with pytest.raises(RequestError, match="cursor"):
        decode_cursor(cursor)


def test_alias_update_content_has_its_attributes():
    update = AliasUpdate(sha256=DIGEST, focal=FocalPoint(x=0.25, y=1), preset="thumb", tags=["a"])
    assert update.content() == AliasContent(DIGEST, (0.25, 1), "thumb", ("a",))
    assert AliasUpdate(sha256=DIGEST).content() == AliasContent(DIGEST)


def test_alias_asset_has_the_saliency_of_its_facts():
    facts = {"width": 30, "height": 20, "saliency": {"x": 0.5, "y": 0.25}}
    row = AssetRow(DIGEST, AssetState.READY, "", "", 9, "image/png", DIGEST, 8, facts, 1, 1, None, None)
    asset = AliasAsset.of_row(row)
    assert (asset.width, asset.height, asset.saliency) == (30, 20, Point(x=0.5, y=0.25))
    assert AliasAsset.of_row(row._replace(facts={})).saliency is None


def test_alias_version_of_a_deletion_has_no_digest():
    version = AliasVersion.of_row(AliasVersionRow(3, AliasAction.DELETE, AliasContent(), "key", 1000))
    assert (version.version, version.sha256, version.focal) == (3, None, None)
    assert version.changed == "1970-01-01T00:00:01.000Z"
