import pytest

from mememime_proxy.imaging.color.bits import Bits, leb128


@pytest.mark.parametrize(
    ("data", "value", "end"),
    [
        (b"\x00", 0, 1),
        (b"\x7f\xff", 127, 1),
        (b"\xe5\x8e\x26", 624485, 3),  # the example of DWARF 4, 7.6
        (b"\x80\x80", 0, 2),  # breaks off
        (b"\xff" * 9, (1 << 56) - 1, 8),  # at most eight bytes
    ],
)
def test_variable_length_number_ends_at_a_byte_without_the_high_bit(data, value, end):
    assert leb128(memoryview(data), 0) == (value, end)


def test_bits_are_taken_from_the_most_significant_on():
    bits = Bits(b"\xa5\x40")
    assert [bits.take(count) for count in (1, 3, 8)] == [1, 2, 0x54]
    with pytest.raises(IndexError):
        bits.take(5)
