"""Sizes and numbers of frames in AV1 and HEVC data, against what the encoders were given."""

import struct
from pathlib import Path

import pytest

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.boxes.bmff import boxes, item_extents, read_meta
from mememime_proxy.imaging.gate.boxes.coded import MAX_UNITS, survey_av1, survey_hevc
from tests.support.malformed_images import photo, saved

DATA = Path(__file__).parents[3] / "data"


def parts(data: bytes) -> tuple[memoryview, memoryview]:
    """Coded data of the first item, and the configuration record of HEVC."""
    view = memoryview(data)
    meta = read_meta(view, next(box for box in boxes(view, 0, len(view)) if box[0] == b"meta"))
    ((start, end),) = item_extents(view, meta, meta.primary)
    record = next((view[at:stop] for kind, at, stop in meta.properties_of(meta.primary) if kind == b"hvcC"), view[:0])
    return view[start:end], record


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (61, 37), (300, 2)])
@pytest.mark.parametrize(
    "options", [{}, {"range": "limited"}, {"subsampling": "4:0:0"}, {"advanced": {"cpu-used": "9"}}]
)
def test_coded_size_of_av1(size, options):
    coded = survey_av1(parts(saved("AVIF", photo("RGB", *size), **options))[0])
    assert (coded.frames, coded.pixels) == (1, size[0] * size[1])


@pytest.mark.parametrize("name", ["plain", "deep", "turned"])
def test_coded_size_of_hevc(name):
    units, record = parts((DATA / f"{name}.heic").read_bytes())
    coded = survey_hevc(record, units)
    assert (coded.frames, coded.pixels) == (1, 96 * 64)


def test_coded_size_of_hevc_is_found_in_the_data_too():
    units, record = parts((DATA / "plain.heic").read_bytes())
    sets = b"".join(struct.pack(">I", len(sps) + 2) + b"\x42\x01" + sps for sps in parameter_sets(record))
    coded = survey_hevc(record[:0], memoryview(sets + bytes(units)))
    assert (coded.frames, coded.pixels) == (1, 96 * 64)


def parameter_sets(record: memoryview) -> list[bytes]:
    at = bytes(record).index(b"\x42\x01")
    (length,) = struct.unpack_from(">H", record, at - 2)
    return [bytes(record[at + 2 : at + length])]


def test_coded_frames_are_counted():
    obus = bytes(parts(saved("AVIF"))[0])
    assert survey_av1(memoryview(obus * 5)).frames == 5
    units, record = parts((DATA / "plain.heic").read_bytes())
    assert survey_hevc(record, memoryview(bytes(units) * 5)).frames == 5


def test_coded_units_without_end_are_refused():
    with pytest.raises(LimitError):
        survey_av1(memoryview(b"\x12\0" * (MAX_UNITS + 1)))
    with pytest.raises(LimitError):
        survey_hevc(memoryview(b""), memoryview(b"\0\0\0\3\x4e\1\x80" * (MAX_UNITS + 1)))


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x0a\x05\0\0", b"\x12", b"\xff" * 40, bytes(40)])
def test_coded_data_that_is_cut_or_none_has_no_size(data):
    assert survey_av1(memoryview(data)).pixels == 0
    assert survey_hevc(memoryview(data), memoryview(data)).pixels == 0
