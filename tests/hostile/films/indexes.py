"""MP4 whose index claims too much: samples, edits, tracks, times, tags, sizes of boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.hostile.films.boxes import OFFSET, box, full, mp4, sample_tables, table, track_box
from tests.hostile.films.packets import Track, track
from tests.hostile.films.records import BROKEN, MIB, NO_MEMORY, PICTURE, REFUSED, TOO_LARGE, HostileFilm, one_of


def billion_samples() -> bytes:
    """10⁹ samples of a byte each, in tables of a few entries."""
    film, count = track(), 10**9
    return mp4(track_box(film, sample_tables(
        film, OFFSET, stts=table(b"stts", struct.pack(">II", count, 1)), stss=b"",
        stsc=table(b"stsc", struct.pack(">III", 1, count, 1)), stsz=full(b"stsz", struct.pack(">II", 1, count)),
    )))  # fmt: skip


def absent_sizes() -> bytes:
    """A table that says that it has 10⁹ entries, and has none."""
    film = track()
    return mp4(track_box(film, sample_tables(film, OFFSET, stsz=full(b"stsz", struct.pack(">II", 0, 10**9)))))


def large_samples() -> bytes:
    """Samples that are said to have 2 GB each."""
    film = track()
    sizes = struct.pack(f">{len(film.frames)}I", *[0x7FFFFFF0] * len(film.frames))
    return mp4(track_box(film, sample_tables(
        film, OFFSET, stsz=full(b"stsz", struct.pack(">II", 0, len(film.frames)), sizes)
    )))  # fmt: skip


def offsets_behind_the_end() -> bytes:
    """Samples at 2⁶² bytes."""
    film = track()
    return mp4(track_box(film, sample_tables(film, OFFSET, stco=table(b"co64", struct.pack(">Q", 1 << 62)))))


def edits(count: int, duration: int, step: int = 0) -> bytes:
    """Edits in turn: each shows ``duration`` ms from another frame on."""
    film = track()
    entries = (struct.pack(">IiI", duration, index * step % 50, 1 << 16) for index in range(count))
    return mp4(track_box(film, sample_tables(film, OFFSET), box(b"edts", table(b"elst", *entries))))


def million_edits() -> bytes:
    """10⁶ edits of the whole film."""
    return edits(10**6, 2000)


def short_edits() -> bytes:
    """10⁵ edits of one frame each, in disorder."""
    return edits(10**5, 40, 7)


def deep_edits() -> bytes:
    """Boxes of edits in one another, a thousand deep."""
    film = track()
    inner = table(b"elst", struct.pack(">IiI", 2000, 0, 1 << 16))
    for _ in range(1000):
        inner = box(b"edts", inner)
    return mp4(track_box(film, sample_tables(film, OFFSET), inner))


def deep_boxes() -> bytes:
    """Boxes that contain boxes, 10⁵ deep, in front of a film's."""
    inner = box(b"udta")
    for _ in range(20_000):
        inner = box(b"moov", inner)
    return mp4(extra=inner)


def many_tracks() -> bytes:
    """10⁵ tracks, of which each is the same film."""
    film = track(frames=1)
    one = track_box(film, sample_tables(film, OFFSET))
    return mp4(one * 100_000, film=film)


def empty_tracks() -> bytes:
    """10⁵ tracks of nothing."""
    return mp4(box(b"trak") * 100_000)


def zero_timescale() -> bytes:
    """A film without a unit of time."""
    content = bytearray(mp4())
    struct.pack_into(">I", content, content.index(b"mdhd") + 16, 0)
    struct.pack_into(">I", content, content.index(b"mvhd") + 16, 0)
    return bytes(content)


def million_frames_a_second() -> bytes:
    """Frames of a microsecond."""
    return mp4(track_box(track(), sample_tables(track(), OFFSET), timescale=10**6))


def million_seconds_apart() -> bytes:
    """Two frames, 10⁶ s apart."""
    film = Track(track().frames[:2], track().keys[:2], track().config)
    times = table(b"stts", struct.pack(">IIII", 1, 25_000_000, 1, 1))
    return mp4(track_box(film, sample_tables(film, OFFSET, stts=times)), film=film, milliseconds=10**9)


def negative_times() -> bytes:
    """Composition times long before the start, and falling."""
    film = track()
    shifts = [struct.pack(">Ii", 1, -3 * index - 1000) for index in range(len(film.frames))]
    tables = sample_tables(film, OFFSET, ctts=full(b"ctts", struct.pack(">I", len(shifts)), *shifts, version=1))
    return mp4(track_box(film, tables))


def large_tags() -> bytes:
    """A title of 50 MB."""
    return mp4(extra=box(b"udta", box(b"\xa9nam", struct.pack(">HH", 0, 0) + b"x" * (50 << 20))))


def many_tags() -> bytes:
    """10⁵ texts of iTunes."""
    names = (
        box(b"----", full(b"mean", b"x"), full(b"name", b"%d" % number), full(b"data", bytes(4), b"y"))
        for number in range(100_000)
    )
    return mp4(extra=box(b"udta", full(b"meta", full(b"hdlr", bytes(4), b"mdir", bytes(13)), box(b"ilst", *names))))


def many_chapters() -> bytes:
    """The chapters of Nero, more than there are."""
    entries = (struct.pack(">QB", 10**7 * number, 4) + b"name" for number in range(255))
    return mp4(extra=box(b"udta", full(b"chpl", bytes(1), struct.pack(">I", 255), *entries)))


def box_past_the_end() -> bytes:
    """A box in front of the index that claims the rest and more."""
    content = mp4()
    at = content.index(b"mdat") - 4
    return content[:at] + struct.pack(">I", 0x7FFFFFFF) + content[at + 4 :]


def records() -> Iterator[HostileFilm]:
    """Yield the files."""
    yield HostileFilm("mp4-billion-samples", billion_samples, REFUSED)
    yield HostileFilm("mp4-absent-sizes", absent_sizes, REFUSED)
    yield HostileFilm("mp4-large-samples", large_samples, one_of(BROKEN, NO_MEMORY, PICTURE))
    yield HostileFilm("mp4-offsets-behind-the-end", offsets_behind_the_end, one_of(BROKEN))
    yield HostileFilm("mp4-million-edits", million_edits, one_of(TOO_LARGE))
    yield HostileFilm("mp4-short-edits", short_edits, one_of(TOO_LARGE))
    yield HostileFilm("mp4-deep-edits", deep_edits)
    yield HostileFilm("mp4-deep-boxes", deep_boxes)
    yield HostileFilm("mp4-many-tracks", many_tracks, REFUSED)
    yield HostileFilm("mp4-empty-tracks", empty_tracks, REFUSED)
    yield HostileFilm("mp4-zero-timescale", zero_timescale, one_of(PICTURE, BROKEN))
    yield HostileFilm("mp4-million-frames-a-second", million_frames_a_second, one_of(PICTURE))
    yield HostileFilm("mp4-million-seconds-apart", million_seconds_apart, one_of(PICTURE))
    yield HostileFilm("mp4-negative-times", negative_times, one_of(PICTURE))
    yield HostileFilm("mp4-large-tags", large_tags, one_of(PICTURE), memory=256 * MIB)
    yield HostileFilm("mp4-many-tags", many_tags, REFUSED)
    yield HostileFilm("mp4-many-chapters", many_chapters, one_of(PICTURE))
    yield HostileFilm("mp4-box-past-the-end", box_past_the_end, REFUSED)
