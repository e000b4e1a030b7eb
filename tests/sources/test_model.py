import os

import pytest

from mememime_proxy.sources.model import Original, SourceState, names_same_state
from tests.support.raw_server import open_files


@pytest.fixture
def descriptor():
    return os.memfd_create("test")


def test_original_closed_twice_closes_one_descriptor(descriptor):
    original = Original(descriptor, 0)
    original.close()
    other = os.memfd_create("other")
    assert other == descriptor
    original.close()
    os.fstat(other)
    os.close(other)


def test_original_as_context_manager_is_closed_after_an_error(descriptor):
    with pytest.raises(ZeroDivisionError), Original(descriptor, 0):
        raise ZeroDivisionError
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_original_without_references_is_closed():
    before = open_files()
    Original(os.memfd_create("test"), 0)
    assert open_files() <= before


DATE, LATER = "Sat, 28 Nov 2026 10:00:00 GMT", "Sun, 29 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("",), ("private, max-age=60", DATE)),
        (("", "max-age=9"), ("max-age=9", DATE)),
        ((LATER,), ("private, max-age=60", LATER)),
    ],
)
def test_i3_state_updated_by_a_304_keeps_what_that_does_not_name(answer, expected):
    state = SourceState.of('"1"', DATE, "private, max-age=60", "Mon, 30 Nov 2026 10:00:00 GMT")
    updated = state.updated_by(SourceState.of('"1"', *answer))
    assert (updated.cache_headers["Cache-Control"], updated.last_modified) == expected
    assert updated.cache_headers["Expires"] == "Mon, 30 Nov 2026 10:00:00 GMT"
    assert updated.validator == '"1"'


def test_i3_state_updated_by_nothing_new_is_the_same_object():
    state = SourceState.of('"1"', DATE, "no-store")
    assert state.updated_by(SourceState('"1"')) is state


@pytest.mark.parametrize(
    ("validator", "held", "same"),
    [
        ('"1"', '"1"', True),
        ('W/"1"', '"1"', True),
        ('"1"', 'W/"1"', True),
        ("", '"1"', True),
        ("@" + DATE, '"1"', True),
        ('"1"', "@" + DATE, True),
        ('"2"', '"1"', False),
        ('"1-gzip"', '"1"', False),
    ],
)
def test_i3_validator_of_a_304_is_compared_weakly(validator, held, same):
    assert names_same_state(validator, held) is same
