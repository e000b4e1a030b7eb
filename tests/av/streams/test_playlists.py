from fractions import Fraction

from mememime_proxy.av.streams.ladder import SoundRendition, SourcePictures, StreamChoices, video_renditions
from mememime_proxy.av.streams.playlists import master_playlist, media_playlist

RATE = Fraction(30000, 1001)
SOUND = SoundRendition("a", 128_000, "en")
VIDEOS = video_renditions(SourcePictures(1280, 720, RATE), StreamChoices((720, 360)), 60)


def test_master_playlist_of_pictures_and_sound():
    assert master_playlist(VIDEOS, [SOUND], RATE) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="a/a.m3u8"\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=3431600,RESOLUTION=1280x720,FRAME-RATE=29.970,"
        'CODECS="avc1.64001f,mp4a.40.2",AUDIO="a"\n'
        "720/v.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1085600,RESOLUTION=640x360,FRAME-RATE=29.970,"
        'CODECS="avc1.64001e,mp4a.40.2",AUDIO="a"\n'
        "360/v.m3u8\n"
    )


def test_master_playlist_without_sound_has_no_group():
    playlist = master_playlist(VIDEOS[:1], [], RATE)
    assert "AUDIO" not in playlist
    assert 'CODECS="avc1.64001f"\n720/v.m3u8\n' in playlist


def test_master_playlist_of_sound_alone_has_variants_of_it():
    playlist = master_playlist([], [SoundRendition("a128", 128_000), SoundRendition("a64", 64_000)], RATE)
    assert playlist.splitlines()[3:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=147200,CODECS="mp4a.40.2"',
        "a128/a.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=73600,CODECS="mp4a.40.2"',
        "a64/a.m3u8",
    ]


def test_media_playlist_tells_each_duration_and_the_longest_rounded():
    assert media_playlist([Fraction("6.506"), 101 / RATE]).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:7",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:6.506000,",
        "0.m4s",
        "#EXTINF:3.370033,",
        "1.m4s",
        "#EXT-X-ENDLIST",
    ]
