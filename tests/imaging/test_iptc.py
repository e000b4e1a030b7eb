import struct

import pytest

from mememime_proxy.imaging.iptc import PHOTOSHOP_ID, RESOURCE, records, resource


def record(number, value, length=None):
    return struct.pack(">BBBH", 0x1C, 2, number, len(value) if length is None else length) + value


CREDIT, BY_LINE = record(110, b"agency"), record(80, b"a person")


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (b"", []),
        (BY_LINE + CREDIT, [((2, 80), BY_LINE), ((2, 110), CREDIT)]),
        (BY_LINE + CREDIT[:-1], [((2, 80), BY_LINE)]),  # breaks off
        (BY_LINE + b"\0" + CREDIT, [((2, 80), BY_LINE)]),  # no record
        (BY_LINE + record(110, b"\0\0\0\4long", 0x8004), [((2, 80), BY_LINE)]),  # an extended length
    ],
)
def test_records_end_at_the_first_that_is_damaged(block, found):
    assert list(records(block)) == found


def test_resource_is_found_behind_others_with_names_and_odd_lengths():
    other = struct.pack(">4sHB", b"8BIM", 0x03ED, 2) + b"ab\0" + struct.pack(">I", 3) + b"xyz\0"
    wanted = struct.pack(">4sHHI", b"8BIM", RESOURCE, 0, len(BY_LINE)) + BY_LINE
    assert resource(PHOTOSHOP_ID + other + wanted, RESOURCE) == BY_LINE
    assert resource(other + wanted, 0x03ED) == b"xyz"
    assert resource(PHOTOSHOP_ID + other + wanted[:11], RESOURCE) == b""
    assert resource(PHOTOSHOP_ID, RESOURCE) == b""
