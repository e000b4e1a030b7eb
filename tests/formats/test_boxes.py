import pytest

from mememime_proxy.formats.boxes import box, boxes

FILM = box(b"ftyp", b"iso6") + box(b"moov", box(b"mvhd", b"z"), box(b"trak", b"x" * 84)) + box(b"mdat", b"2")


def test_boxes_are_taken_apart_and_put_together():
    assert b"".join(box(kind, content) for kind, content in boxes(FILM)) == FILM


@pytest.mark.parametrize("damaged", [FILM[:-1], FILM + b"\0\0\0", b"\0\0\0\x07ftyp", b"\0\0\0\0ftyp"])
def test_damaged_boxes_are_refused(damaged):
    with pytest.raises(ValueError, match="a box of"):
        list(boxes(damaged))
