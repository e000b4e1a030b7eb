"""MP4, box by box (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct

from tests.hostile.films.packets import Track, track

_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def box(name: bytes, *parts: bytes, length: int | None = None) -> bytes:
    """Return a box; ``length`` in place of the right one."""
    payload = b"".join(parts)
    return struct.pack(">I", 8 + len(payload) if length is None else length) + name + payload


def full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with a version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def table(name: bytes, *entries: bytes, count: int | None = None) -> bytes:
    """Return a box of a table; ``count`` in place of the right one."""
    return full(name, struct.pack(">I", len(entries) if count is None else count), *entries)


def video_entry(film: Track, *extra: bytes, name: bytes = b"avc1") -> bytes:
    """Return the sample entry of pictures."""
    head = struct.pack(">6xH16xHHIIIH32sHh", 1, film.width, film.height, 72 << 16, 72 << 16, 0, 1, b"", 24, -1)
    return box(name, head, box(b"avcC", film.config), *extra)


def sample_tables(film: Track, offset: int, **replaced: bytes) -> bytes:
    """Return ``stbl``; ``replaced``: a table in place of the right one, by its name."""
    sizes = [len(frame) for frame in film.frames]
    keys = [struct.pack(">I", index + 1) for index, key in enumerate(film.keys) if key]
    parts = {
        "stsd": table(b"stsd", video_entry(film)),
        "stts": table(b"stts", struct.pack(">II", len(sizes), 1)),
        "stss": table(b"stss", *keys),
        "stsc": table(b"stsc", struct.pack(">III", 1, len(sizes), 1)),
        "stsz": full(b"stsz", struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        "stco": table(b"stco", struct.pack(">I", offset)),
    }
    return box(b"stbl", *(parts | replaced).values())


def track_box(
    film: Track, tables: bytes, *extra: bytes, number: int = 1, timescale: int = 0, handler: bytes = b"vide"
) -> bytes:
    """Return ``trak`` with further boxes. ``timescale``: units of a second; 0 = frames."""
    scale, count = timescale or film.rate, len(film.frames)
    sides = struct.pack(">II", film.width << 16, film.height << 16)
    header = full(
        b"tkhd", struct.pack(">IIIII8xhhhH", 0, 0, number, 0, 40 * count, 0, 0, 0, 0), _MATRIX, sides, flags=3
    )
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">IIIIHH", 0, 0, scale, count, 0x55C4, 0)),
        full(b"hdlr", struct.pack(">I4s12xB", 0, handler, 0)),
        box(
            b"minf",
            full(b"vmhd", bytes(8), flags=1),
            box(b"dinf", table(b"dref", full(b"url ", flags=1))),
            tables,
        ),
    )
    return box(b"trak", header, *extra, media)


def mp4(*tracks: bytes, extra: bytes = b"", film: Track | None = None, milliseconds: int = 2000) -> bytes:
    """Return a film; by default of one track. ``extra``: further boxes of ``moov``. Frames begin at ``OFFSET``."""
    film = film or track()
    header = full(
        b"mvhd", struct.pack(">IIIIIH10x", 0, 0, 1000, milliseconds, 1 << 16, 256), _MATRIX, bytes(24), b"\0\0\0\2"
    )
    head = box(b"ftyp", b"isom\0\0\2\0isomavc1mp41")
    data = box(b"mdat", *film.frames)
    return head + data + box(b"moov", header, *(tracks or (track_box(film, sample_tables(film, OFFSET)),)), extra)


OFFSET = len(box(b"ftyp", b"isom\0\0\2\0isomavc1mp41")) + 8
"""Where the frames begin."""
