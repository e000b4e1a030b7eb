"""The manifest of DASH (ISO/IEC 23009-1): static, with the time of each segment, over the segments of HLS."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from xml.sax.saxutils import quoteattr

from mememime_proxy.av.streams.ladder import SOUND_CODECS, SoundRendition, VideoRendition
from mememime_proxy.av.streams.timeline import SOUND_FRAME, SOUND_RATE, Timeline


def dash_manifest(timeline: Timeline, videos: Sequence[VideoRendition], sounds: Sequence[SoundRendition]) -> str:
    """Return the manifest. Renditions of one codec are one set, among which players switch."""
    seconds = timeline.boundaries[-1] / timeline.rate
    longest = max(timeline.video_seconds())
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static"'
        f' mediaPresentationDuration="{_duration(seconds)}" minBufferTime="{_duration(longest)}">',
        '  <Period id="0" start="PT0S">',
    ]
    rate = timeline.rate
    durations = [(end - first) * rate.denominator for first, end in map(timeline.video, range(timeline.count))]
    for _, renditions in groupby(videos, lambda video: video.codecs.partition(".")[0]):
        lines.append(
            '    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">'
        )
        lines += _template(rate.numerator, durations)
        frames = str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"
        lines += (
            f'      <Representation id="{video.name}" codecs="{video.codecs}" width="{video.width}"'
            f' height="{video.height}" frameRate="{frames}" bandwidth="{video.bandwidth}"/>'
            for video in renditions
        )
        lines.append("    </AdaptationSet>")
    if sounds:
        language = f" lang={quoteattr(sounds[0].language)}" if sounds[0].language else ""
        lines.append(_set("audio", language))
        parts = map(timeline.sound, range(timeline.count))
        lines += _template(SOUND_RATE, [(end - first) * SOUND_FRAME for first, end in parts])
        lines += (
            f'      <Representation id="{sound.name}" codecs="{SOUND_CODECS}" audioSamplingRate="{SOUND_RATE}"'
            f' bandwidth="{sound.bandwidth}"/>'
            for sound in sounds
        )
        lines.append("    </AdaptationSet>")
    return "\n".join([*lines, "  </Period>", "</MPD>", ""])


def _set(kind: str, more: str = "") -> str:
    common = 'segmentAlignment="true" startWithSAP="1"'
    return f'    <AdaptationSet contentType="{kind}" mimeType="{kind}/mp4" {common}{more}>'


def _template(timescale: int, durations: Sequence[int]) -> list[str]:
    """Return where segments are, and how long they last, equal ones in one line."""
    lines = [
        f'      <SegmentTemplate timescale="{timescale}" initialization="$RepresentationID$/init.mp4"'
        ' media="$RepresentationID$/$Number$.m4s" startNumber="0">',
        "        <SegmentTimeline>",
    ]
    start = ' t="0"'
    for duration, group in groupby(durations):
        more = len(list(group)) - 1
        repeat = f' r="{more}"' if more else ""
        lines.append(f'          <S{start} d="{duration}"{repeat}/>')
        start = ""
    return [*lines, "        </SegmentTimeline>", "      </SegmentTemplate>"]


def _duration(seconds: Fraction) -> str:
    return f"PT{float(seconds):.6f}S"
