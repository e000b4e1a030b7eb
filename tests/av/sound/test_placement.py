"""Positions of samples: whole milliseconds, jitter, gaps, overlaps, and packets without a time."""

from fractions import Fraction

from mememime_proxy.av.sound.placement import PacketGrid, Placement

MILLISECOND = Fraction(1, 1000)


def times(count, size, rate, first=0):
    """Times of packets as Matroska has them."""
    return [Fraction(round(Fraction(first + number * size, rate) * 1000), 1000) for number in range(count)]


def test_rounded_times_make_no_gaps():
    placement = Placement(44100, Fraction(0), MILLISECOND)
    assert [placement.place(time, 1024) for time in times(500, 1024, 44100)] == [1024 * n for n in range(500)]


def test_grid_tells_which_sample_is_meant_wherever_it_begins():
    grid = PacketGrid(47, 1152)
    for number, time in enumerate(times(300, 1152, 44100, first=47)):
        assert Placement(44100, Fraction(0), MILLISECOND, grid).place(time, 1152) == 47 + 1152 * number


def test_time_off_the_grid_is_taken_as_it_is():
    grid = PacketGrid(0, 1024)
    assert Placement(48000, Fraction(0), MILLISECOND, grid).place(Fraction(512, 48000), 1024) == 512


def test_jitter_does_not_accumulate():
    placement = Placement(48000, Fraction(0), Fraction(1, 48000))
    positions = [placement.place(Fraction(number * 1001, 48000), 1000) for number in range(3000)]
    assert all(abs(position - number * 1001) <= 960 for number, position in enumerate(positions))


def test_gap_and_overlap_are_where_their_times_say():
    placement = Placement(48000, Fraction(1), Fraction(1, 48000))
    assert placement.place(Fraction(1), 4800) == 0
    assert placement.place(Fraction(2), 4800) == 48000
    assert placement.place(Fraction(3, 2), 4800) == 24000


def test_packet_without_a_time_follows_the_one_before():
    placement = Placement(48000, Fraction(0), Fraction(1, 48000))
    assert [placement.place(time, 1000) for time in (None, None, Fraction(1), None)] == [0, 1000, 48000, 49000]
