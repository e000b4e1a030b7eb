import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats import FORMATS
from mememime_proxy.proxy.cache import store_record
from mememime_proxy.proxy.cache.store import EPOCH_NAME
from mememime_proxy.proxy.model import CacheEntry, Epoch, VariantResult
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant

STORE = Path(__file__).parents[2] / "data/variant_store"
RESPONSES = json.loads((STORE / "responses.json").read_text())
KEY = b"0123456789abcdef"
STATE = SourceState('W/"é"', "Sun, 06 Nov 1994 08:49:37 GMT", {"Cache-Control": "max-age=5"})


def make_entry(body, source="http://h/a.jpg"):
    variant = Variant("webp", 3, 2, "jpeg", 30, 20, 1, rendered=True, body=body)
    return CacheEntry(VariantResult(variant, '"etag"', STATE, 777), source, Epoch("epoch", 12.5), 1234.5)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_decode_of_an_encoded_entry_is_the_entry(body, source):
    entry = make_entry(body, source)
    assert store_record.decode(KEY, store_record.encode(KEY, entry)) == entry


@given(st.data())
def test_decode_of_a_damaged_record_raises(data):
    record = store_record.encode(KEY, make_entry(b"some body"))
    place = data.draw(st.integers(0, len(record) - 1))
    flipped = bytearray(record)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(flipped), record[:place], record + b"x"):
        with pytest.raises(ValueError, match="the record"):
            store_record.decode(KEY, damaged)


def test_decode_with_another_key_raises():
    with pytest.raises(ValueError, match="another variant"):
        store_record.decode(b"x" * 16, store_record.encode(KEY, make_entry(b"body")))


@pytest.mark.parametrize("response", RESPONSES, ids=lambda response: response["path"].rpartition("/")[2])
def test_decode_of_a_record_of_an_earlier_version(response):
    """Its key is another one today, as results depend on the version and the settings; its format is the same."""
    source = response["path"].partition("/plain/")[2]
    (entry,) = [entry for entry in map(earlier, STORE.glob("*/*/*")) if entry is not None and entry.source == source]
    variant = entry.result.variant
    assert hashlib.sha256(variant.body).hexdigest() == response["sha256"]
    assert FORMATS[variant.format].mime == response["content_type"]
    assert (entry.result.etag, entry.result.state.last_modified) == (response["etag"], response["last_modified"])
    assert (variant.rendered, variant.damage) == (True, "")


def earlier(path):
    """Return the entry in a file of the earlier store; None for the epoch of a source."""
    return None if path.name == EPOCH_NAME else store_record.decode(bytes.fromhex(path.name), path.read_bytes())
