from fractions import Fraction

from lxml import etree

from mememime_proxy.av.streams.ladder import SoundRendition, SourcePictures, StreamChoices, video_renditions
from mememime_proxy.av.streams.manifest import dash_manifest
from mememime_proxy.av.streams.timeline import grid_timeline

RATE = Fraction(30000, 1001)
NAMES = {"d": "urn:mpeg:dash:schema:mpd:2011"}


def manifest(sounds=(), **more):
    videos = video_renditions(SourcePictures(1280, 720, RATE), StreamChoices((720, 360), **more), 60)
    text = dash_manifest(grid_timeline(RATE, 1001 / RATE, 6), videos, sounds)
    return etree.fromstring(text.encode())


def times(template):
    """The start and the duration of each segment, in units of the template's time scale."""
    found, at = [], 0
    for line in template.iterfind(".//d:S", NAMES):
        for _ in range(int(line.get("r", 0)) + 1):
            found.append((at, int(line.get("d"))))
            at += found[-1][1]
    return found


def test_segments_have_their_exact_times():
    root = manifest([SoundRendition("a", 128_000, 'e"n')])
    video, sound = root.iterfind(".//d:SegmentTemplate", NAMES)
    assert times(video) == [(k * 180_180, 180_180) for k in range(5)] + [(900_900, 101_101)]
    assert video.get("timescale") == "30000"
    assert sound.get("timescale") == "48000"
    assert [at % 1024 for at, _ in times(sound)] == [0] * 6
    assert root.get("mediaPresentationDuration") == "PT33.400033S"
    assert video.get("media") == "$RepresentationID$/$Number$.m4s"
    assert root.findall(".//d:AdaptationSet", NAMES)[1].get("lang") == 'e"n'


def test_renditions_of_one_codec_are_one_set():
    sets = manifest(with_av1=True).findall(".//d:AdaptationSet", NAMES)
    found = [[each.get("id") for each in one.iterfind("d:Representation", NAMES)] for one in sets]
    assert found == [["720", "360"], ["720-av1", "360-av1"]]
    assert sets[0].find("d:Representation", NAMES).attrib == {
        "id": "720", "codecs": "avc1.64001f", "width": "1280", "height": "720", "frameRate": "30000/1001",
        "bandwidth": "3284400",
    }  # fmt: skip
