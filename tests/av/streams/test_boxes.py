from mememime_proxy.av.streams.boxes import stream_fragments, stream_header
from mememime_proxy.formats.boxes import box

TRACK = box(b"tkhd", b"x" * 84) + box(b"mdia", b"y")
FILM = (
    box(b"ftyp", b"iso6")
    + box(b"moov", box(b"mvhd", b"z"), box(b"trak", TRACK), box(b"udta", b"program"))
    + box(b"moof", b"1") + box(b"mdat", b"2") + box(b"mfra", b"3")
)  # fmt: skip


def test_header_has_the_edit_list_behind_the_tracks_header_and_no_program():
    edit = box(b"edts", box(b"elst", bytes.fromhex("00000000 00000001 00000000 000007d2 00010000")))
    track = box(b"tkhd", b"x" * 84) + edit + box(b"mdia", b"y")
    expected = box(b"ftyp", b"iso6") + box(b"moov", box(b"mvhd", b"z"), box(b"trak", track))
    assert stream_header(FILM, 2002) == expected


def test_header_without_delay_has_no_edit_list():
    assert b"edts" not in stream_header(FILM, 0)


def test_fragments_are_what_follows_the_header():
    assert stream_fragments(FILM) == box(b"moof", b"1") + box(b"mdat", b"2")
