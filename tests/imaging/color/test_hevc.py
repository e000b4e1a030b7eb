"""P3: the colour encoding in HEVC's sequence parameter set, which a writer after H.265, 7.3.2.2, makes here."""

import struct

import pytest

from mememime_proxy.color.encoding import DISPLAY_P3, HdrTransfer
from mememime_proxy.imaging.color.hevc import from_configuration


class Writer:
    def __init__(self):
        self.bits = ""

    def put(self, *fields):
        for value, count in fields:
            self.bits += f"{value:0{count}b}" if count else ""

    def golomb(self, *values):
        for value in values:
            code = f"{value + 1:b}"
            self.bits += "0" * (len(code) - 1) + code

    def unit(self):
        padded = self.bits + "1"
        padded += "0" * (-len(padded) % 8)
        raw = int(padded, 2).to_bytes(len(padded) // 8, "big")
        out, zeros = bytearray(), 0
        for byte in raw:  # emulation prevention
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\x42\x01" + bytes(out)


def sps(
    code_points, *, sub_layers=0, lists=False, pcm=False, reference_sets=0, long_term=0, aspect=False, window=False
):
    w = Writer()
    w.put((0, 4), (sub_layers, 3), (1, 1), (1, 8), (0, 80), (93, 8))
    for _ in range(sub_layers):
        w.put((1, 1), (1, 1))
    if sub_layers:
        w.put((0, 2 * (8 - sub_layers)), (0, 96 * sub_layers))
    w.golomb(0, 3)
    w.put((0, 1))
    w.golomb(4031, 3023)
    w.put((int(window), 1))
    if window:
        w.golomb(0, 3, 0, 5)
    w.golomb(2, 2, 4)
    w.put((1, 1))
    w.golomb(*([1, 0, 0] * (sub_layers + 1)))
    w.golomb(0, 3, 0, 3, 0, 0)
    w.put((int(lists), 1))
    if lists:
        w.put((1, 1))
        for size in range(4):
            for matrix in range(0, 6, 3 if size == 3 else 1):
                w.put((matrix % 2, 1))
                w.golomb(*([5] * (min(64, 16 << 2 * size) + (size > 1)) if matrix % 2 else [0]))
    w.put((0, 2), (int(pcm), 1))
    if pcm:
        w.put((0x77, 8))
        w.golomb(0, 2)
        w.put((1, 1))
    w.golomb(reference_sets)
    for index in range(reference_sets):
        if index == 0:
            w.golomb(2, 1)
            for _ in range(3):
                w.golomb(0)
                w.put((1, 1))
        else:
            w.put((1, 1), (0, 1))
            w.golomb(0)
            w.put(*([(1, 1)] * (3 + index)))  # all of the set before, and one more
    w.put((int(long_term > 0), 1))
    if long_term:
        w.golomb(long_term)
        w.put(*([(3, 8), (1, 1)] * long_term))
    w.put((0, 2))
    w.put((int(code_points is not None), 1))
    if code_points is not None:
        w.put((int(aspect), 1))
        if aspect:
            w.put((255, 8), (4, 16), (3, 16))
        w.put((0, 1), (1, 1), (5, 3), (1, 1), (1, 1), (code_points[0], 8), (code_points[1], 8), (6, 8))
    return w.unit()


def record(*units):
    arrays = b"".join(bytes((kind,)) + struct.pack(">HH", 1, len(unit)) + unit for kind, unit in units)
    return memoryview(bytes(22) + bytes((len(units),)) + arrays)


SHAPES = [
    {},
    {"sub_layers": 2},
    {"lists": True},
    {"pcm": True},
    {"reference_sets": 3},
    {"long_term": 2},
    {"aspect": True, "window": True},
    {"sub_layers": 1, "lists": True, "pcm": True, "reference_sets": 2, "long_term": 1, "aspect": True},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_hevc_code_points_are_found_behind_any_fields(shape):
    assert from_configuration(record((32, b"\x40\x01"), (33, sps((12, 13), **shape)))).primaries == DISPLAY_P3
    assert from_configuration(record((33, sps((9, 18), **shape)))).transfer is HdrTransfer.HLG


def test_hevc_without_a_description_says_nothing():
    assert from_configuration(record((33, sps(None)))) is None
    assert from_configuration(record((33, sps((2, 2))))) is None
    assert from_configuration(record((32, sps((9, 16))))) is None


def test_hevc_record_that_is_cut_says_nothing_and_raises_nothing():
    whole = record((33, sps((9, 16), lists=True)))
    for length in range(len(whole) - 8):
        assert from_configuration(whole[:length]) is None
