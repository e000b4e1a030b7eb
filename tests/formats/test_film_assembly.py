"""Films of segments of streams: whole, with the index in front, as FFmpeg reads them."""

import io
import json
import subprocess

import pytest

from mememime_proxy.formats.boxes import boxes
from mememime_proxy.formats.film_assembly import Track, film_head
from tests.support.films import av, film_bytes
from tests.support.stream_film import numbers_in
from tests.support.streams import member_of, segment_count

FRAMES = 130
LADDERS = {"120": ("120",), "120-av1": ("120", "av1")}


def assemble(film, rendition):
    ladder = LADDERS[rendition]
    names = (rendition, "a")
    tracks = [Track(member_of(film, f"{name}/init.mp4", ladder, segment_duration=2)) for name in names]
    data = b""
    for number in range(segment_count(film, rendition, ladder, segment_duration=2)):
        for name, track in zip(names, tracks, strict=True):
            segment = member_of(film, f"{name}/{number}.m4s", ladder, segment_duration=2)
            data += b"".join(track.add(segment, len(data)))
    return film_head(tracks, len(data)) + data


@pytest.mark.parametrize("rendition", LADDERS)
def test_film_has_every_frame_at_its_time_and_its_index_in_front(rendition, tmp_path):
    film = film_bytes("mp4", frames=FRAMES, sound=True)
    whole = assemble(film, rendition)
    head = whole[: whole.index(b"mdat") - 4]
    assert [kind for kind, _ in boxes(head)] == [b"ftyp", b"moov"]
    assert numbers_in(whole) == list(range(FRAMES))
    (tmp_path / "whole.mp4").write_bytes(whole)
    shown = subprocess.run(
        ["ffprobe", "-v", "warning", "-count_packets", "-show_streams", "-show_format", "-of", "json",
         str(tmp_path / "whole.mp4")],
        capture_output=True, check=True, timeout=100,
    )  # fmt: skip
    assert shown.stderr == b""
    found = json.loads(shown.stdout)
    video, sound = found["streams"]
    assert int(video["nb_read_packets"]) == int(video["nb_frames"]) == FRAMES
    assert float(video["start_time"]) == float(sound["start_time"]) == 0
    assert float(video["duration"]) == pytest.approx(FRAMES / 25, abs=0.002)
    assert float(sound["duration"]) == pytest.approx(FRAMES / 25, abs=0.03)
    with av.open(io.BytesIO(whole)) as source:
        source.seek(4_100_000)
        frame = next(source.decode(video=0))
        assert frame.key_frame
        assert frame.pts * frame.time_base == 4


def test_segment_out_of_order_is_refused():
    film = film_bytes("mp4", frames=FRAMES)
    track = Track(member_of(film, "120/init.mp4", segment_duration=2))
    with pytest.raises(ValueError, match="a fragment at"):
        track.add(member_of(film, "120/1.m4s", segment_duration=2), 0)
