"""Files of one fragment, as the muxer writes them, cut into the header and the segments of a stream."""

from __future__ import annotations

import struct

from mememime_proxy.formats.boxes import box, boxes


def stream_header(film: bytes, media_time: int) -> bytes:
    """Return the header of a stream, from a fragmented file of one track, with or without fragments.

    ``media_time``: of the first frame that is shown, in units of the track's time scale. An edit list says so, of one
    entry that lasts as long as the track. What programs write about themselves is left out.
    """
    parts = dict(boxes(film))
    movie = [box(kind, _with_edit(content, media_time) if kind == b"trak" else content)
             for kind, content in boxes(parts[b"moov"]) if kind != b"udta"]  # fmt: skip
    return box(b"ftyp", parts[b"ftyp"]) + box(b"moov", *movie)


def stream_fragments(film: bytes) -> bytes:
    """Return the fragments of a fragmented file."""
    return b"".join(box(kind, content) for kind, content in boxes(film) if kind in {b"moof", b"mdat"})


def _with_edit(track: bytes, media_time: int) -> bytes:
    edit = box(b"edts", box(b"elst", struct.pack(">IIIiI", 0, 1, 0, media_time, 1 << 16)))
    contents = []
    for kind, content in boxes(track):
        contents.append(box(kind, content))
        if kind == b"tkhd" and media_time:
            contents.append(edit)
    return b"".join(contents)
