"""What FFmpeg may read: one demuxer for each container, and the decoders that tests of hostile files ran with.

Operators may narrow this, not widen it.
"""

from __future__ import annotations

from typing import Final

from mememime_proxy.formats.containers import CONTAINERS

DEMUXERS: Final = frozenset(container.demuxer for container in CONTAINERS.values())
VIDEO: Final = frozenset(
    (
        *("h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "theora", "mjpeg", "prores"),
        *("dnxhd", "vc1", "wmv3", "h263", "flv1"),
    )
)
"""Codecs of pictures, by FFmpeg's names."""
SOUND: Final = frozenset(
    ("aac", "mp3", "mp2", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "amr_nb", "amr_wb", "wmav2")
)
"""Codecs of sound besides PCM."""
_PCM: Final = "pcm_"


def is_allowed_video(codec: str) -> bool:
    """Whether pictures of this codec are decoded."""
    return codec in VIDEO


def is_allowed_sound(codec: str) -> bool:
    """Whether sound of this codec is decoded."""
    return codec in SOUND or codec.startswith(_PCM)
