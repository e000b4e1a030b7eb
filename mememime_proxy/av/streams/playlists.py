"""Playlists of HLS (RFC 8216), version 7: text alone, from what is known of a stream before a segment is made."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from mememime_proxy.av.streams.ladder import SOUND_CODECS, SoundRendition, VideoRendition

_HEAD: Final = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS")


def master_playlist(videos: Sequence[VideoRendition], sounds: Sequence[SoundRendition], rate: Fraction) -> str:
    """Return the playlist of the renditions. ``rate``: frames a second.

    Sound is a group of its own beside pictures; without them, its renditions are the variants.
    """
    lines = list(_HEAD)
    if not videos:
        for sound in sounds:
            lines += (f'#EXT-X-STREAM-INF:BANDWIDTH={sound.bandwidth},CODECS="{SOUND_CODECS}"', media_name(sound.name))
        return _text(lines)
    for sound in sounds:
        language = f',LANGUAGE="{sound.language}"' if sound.language else ""
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{sound.name}",NAME="{sound.language or "sound"}"{language},'
            f'DEFAULT=YES,AUTOSELECT=YES,URI="{media_name(sound.name)}"'
        )
    for video in videos:
        bandwidth = video.bandwidth + sum(sound.bandwidth for sound in sounds[:1])
        codecs = f"{video.codecs},{SOUND_CODECS}" if sounds else video.codecs
        group = f',AUDIO="{sounds[0].name}"' if sounds else ""
        lines += (
            f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={video.width}x{video.height},"
            f'FRAME-RATE={float(rate):.3f},CODECS="{codecs}"{group}',
            media_name(video.name),
        )
    return _text(lines)


def media_playlist(seconds: Sequence[Fraction]) -> str:
    """Return the playlist of the segments of one rendition, which last that long."""
    lines = [*_HEAD, f"#EXT-X-TARGETDURATION:{max(1, round(max(seconds)))}", "#EXT-X-MEDIA-SEQUENCE:0"]
    lines += ("#EXT-X-PLAYLIST-TYPE:VOD", '#EXT-X-MAP:URI="init.mp4"')
    for number, duration in enumerate(seconds):
        lines += (f"#EXTINF:{float(duration):.6f},", f"{number}.m4s")
    return _text([*lines, "#EXT-X-ENDLIST"])


def media_name(name: str) -> str:
    """Return the member that is the playlist of a rendition."""
    return f"{name}/{'a' if name.startswith('a') else 'v'}.m3u8"


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
