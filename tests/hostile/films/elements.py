"""Matroska that is compressed, cyclic, deep, without sizes or times, or full of tracks, tags and chapters."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.films import ebml
from tests.hostile.films.ebml import CHAPTERS, SEEK_HEAD, TAGS, TRACKS, clusters, element, matroska, number, text
from tests.hostile.films.packets import Track, track
from tests.hostile.films.records import ANY, BROKEN, MIB, PICTURE, REFUSED, HostileFilm, one_of

_TIMES = range(0, 2000, 40)


def _film(*parts: bytes, extra: bytes = b"", duration: int = 0) -> bytes:
    entry = element(TRACKS, ebml.track_entry(extra=extra, duration=duration))
    return matroska([*parts, entry, clusters(_TIMES)])


def zlib_frames() -> bytes:
    """Frames that are compressed, as old files have them."""
    entry = element(TRACKS, ebml.track_entry(extra=ebml.compressed_track(0)))
    return matroska([entry, clusters(_TIMES, ebml.deflated(track()))])


def zlib_bombs() -> bytes:
    """Frames that become 9 MB of zeros each, of some kilobytes."""
    entry = element(TRACKS, ebml.track_entry(extra=ebml.compressed_track(0)))
    return matroska([entry, clusters(_TIMES, ebml.deflated(track(frames=8), 9 << 20))])


def lzo_frames() -> bytes:
    """Frames in LZO."""
    film = track()
    entry = element(TRACKS, ebml.track_entry(extra=ebml.compressed_track(2)))
    packed = Track(tuple(ebml.lzo(frame) for frame in film.frames), film.keys, film.config)
    return matroska([entry, clusters(_TIMES, packed)])


def lzo_references() -> bytes:
    """LZO that refers to what was never there, again and again."""
    film = track()
    entry = element(TRACKS, ebml.track_entry(extra=ebml.compressed_track(2)))
    bad = b"\x12abc" + b"\x20" + bytes(4000) + b"\xff\xff\xff" * 100
    return matroska([entry, clusters(_TIMES, Track((bad,) * 50, film.keys, film.config))])


def stripped_head() -> bytes:
    """Frames to each of which a megabyte is prepended."""
    strip = element(
        0x6D80,
        element(0x6240, number(0x5031, 0) + element(0x5034, number(0x4254, 3) + element(0x4255, bytes(1 << 20)))),
    )
    return _film(extra=strip)


def cyclic_seek_head() -> bytes:
    """Seek heads that refer to one another and to themselves."""

    def entry(target: int) -> bytes:
        return element(0x4DBB, element(0x53AB, SEEK_HEAD) + element(0x53AC, target.to_bytes(8, "big")))

    length = len(element(SEEK_HEAD, entry(0) * 3))
    at = [len(ebml.info(2000.0)) + index * length for index in range(100)]
    heads = [
        element(SEEK_HEAD, entry(target) + entry(at[index]) + entry(0)) for index, target in enumerate(at[1:] + at[:1])
    ]
    return _film(*heads)


def many_seek_heads() -> bytes:
    """10⁵ references, all to the tracks' place."""
    one = element(0x4DBB, element(0x53AB, TRACKS) + number(0x53AC, 30))
    return _film(element(SEEK_HEAD, one * 100_000))


def unknown_sizes() -> bytes:
    """A segment and clusters that do not say where they end, as live recordings have them."""
    entry = element(TRACKS, ebml.track_entry())
    return matroska([entry, clusters(_TIMES, length=ebml.UNKNOWN)], length=ebml.UNKNOWN)


def unknown_sizes_within() -> bytes:
    """Elements without an end where none may be."""
    entry = element(TRACKS, ebml.track_entry(), length=ebml.UNKNOWN)
    return matroska([element(0x114D9B74, b"", length=ebml.UNKNOWN), entry, clusters(_TIMES, length=ebml.UNKNOWN)])


def deep_chapters() -> bytes:
    """Chapters of chapters, 5,000 deep."""
    inner = number(0x91, 0)
    for _ in range(5000):
        inner = element(0xB6, inner)
    return _film(element(CHAPTERS, element(0x45B9, inner)))


def many_chapters() -> bytes:
    """10⁵ chapters."""
    atoms = (
        element(0xB6, number(0x73C4, index + 1) + number(0x91, index * 10**7) + element(0x80, text(0x85, "x")))
        for index in range(100_000)
    )
    return _film(element(CHAPTERS, element(0x45B9, b"".join(atoms))))


def many_tags() -> bytes:
    """10⁵ texts."""
    tags = (element(0x67C8, text(0x45A3, f"N{index}") + text(0x4487, "x")) for index in range(100_000))
    return _film(element(TAGS, element(0x7373, b"".join(tags))))


def deep_tags() -> bytes:
    """Texts within texts, 5,000 deep."""
    inner = text(0x45A3, "N") + text(0x4487, "x")
    for _ in range(5000):
        inner = text(0x45A3, "N") + text(0x4487, "x") + element(0x67C8, inner)
    return _film(element(TAGS, element(0x7373, element(0x67C8, inner))))


def large_tags() -> bytes:
    """A text of 50 MB."""
    return _film(
        element(TAGS, element(0x7373, element(0x67C8, text(0x45A3, "TITLE") + text(0x4487, "x" * (50 << 20)))))
    )


def large_attachment() -> bytes:
    """A font of 50 MB in the film."""
    attached = text(0x466E, "a.ttf") + text(0x4660, "font/ttf") + element(0x465C, bytes(50 << 20)) + number(0x46AE, 1)
    return _film(element(0x1941A469, element(0x61A7, attached)))


def many_tracks() -> bytes:
    """10⁵ tracks."""
    entry = ebml.track_entry(2, Track((), (), b""))
    return matroska([element(TRACKS, ebml.track_entry() + entry * 100_000), clusters(_TIMES)])


def absent_cues() -> bytes:
    """10⁵ index entries that lead nowhere."""
    points = (
        element(0xBB, number(0xB3, index) + element(0xB7, number(0xF7, 1) + number(0xF1, (1 << 50) + index)))
        for index in range(100_000)
    )
    return _film(element(ebml.CUES, b"".join(points)))


def falling_times() -> bytes:
    """Frames whose times fall, below zero too."""
    entry = element(TRACKS, ebml.track_entry())
    return matroska([entry, clusters(range(2000, -2000, -80))])


def far_times() -> bytes:
    """Two frames 10⁶ s apart."""
    return matroska([element(TRACKS, ebml.track_entry()), clusters((0, 10**9))], milliseconds=1e9)


def equal_times() -> bytes:
    """Frames that all begin at once."""
    return matroska([element(TRACKS, ebml.track_entry()), clusters([0] * 50)])


def absurd_duration() -> bytes:
    """A film of 10³⁰⁰ milliseconds."""
    return matroska([element(TRACKS, ebml.track_entry()), clusters(_TIMES)], milliseconds=1e300)


def nanosecond_frames() -> bytes:
    """10⁹ frames a second, as is said."""
    return _film(duration=1)


def fast_scale() -> bytes:
    """Times in units of 2⁶³ ns."""
    scale = element(ebml.INFO, number(0x2AD7B1, (1 << 63) - 1))
    return _film(scale)


def records() -> Iterator[HostileFilm]:
    """Yield the files."""
    yield HostileFilm("mkv-zlib", zlib_frames, one_of(PICTURE))
    yield HostileFilm("mkv-zlib-bombs", zlib_bombs, cpu=5.0, memory=128 * MIB, actions=("frame",))
    yield HostileFilm("mkv-lzo", lzo_frames, one_of(PICTURE))
    yield HostileFilm("mkv-lzo-references", lzo_references, REFUSED)
    yield HostileFilm("mkv-stripped-head", stripped_head, memory=128 * MIB)
    yield HostileFilm("mkv-cyclic-seek-head", cyclic_seek_head, one_of(PICTURE))
    yield HostileFilm("mkv-many-seek-heads", many_seek_heads, ANY)
    yield HostileFilm("mkv-unknown-sizes", unknown_sizes, one_of(PICTURE))
    yield HostileFilm("mkv-unknown-sizes-within", unknown_sizes_within)
    yield HostileFilm("mkv-deep-chapters", deep_chapters)
    yield HostileFilm("mkv-many-chapters", many_chapters, cpu=4.0, memory=128 * MIB)
    yield HostileFilm("mkv-many-tags", many_tags)
    yield HostileFilm("mkv-deep-tags", deep_tags)
    yield HostileFilm("mkv-large-tags", large_tags, memory=256 * MIB, cpu=4.0, actions=("info", "frame"))
    yield HostileFilm("mkv-large-attachment", large_attachment, memory=512 * MIB, cpu=4.0, actions=("info", "frame"))
    yield HostileFilm("mkv-many-tracks", many_tracks, ANY)
    yield HostileFilm("mkv-absent-cues", absent_cues, cpu=4.0, memory=160 * MIB)
    yield HostileFilm("mkv-falling-times", falling_times, one_of(PICTURE))
    yield HostileFilm("mkv-far-times", far_times, one_of(PICTURE))
    yield HostileFilm("mkv-equal-times", equal_times, one_of(PICTURE))
    yield HostileFilm("mkv-absurd-duration", absurd_duration, one_of(PICTURE, BROKEN))
    yield HostileFilm("mkv-nanosecond-frames", nanosecond_frames, one_of(PICTURE))
    yield HostileFilm("mkv-fast-scale", fast_scale)
