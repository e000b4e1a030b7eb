"""Options that results of films and sound obey, and those that are errors for them."""

import pytest

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.media_plan import NO_MEDIA
from mememime_proxy.formats.outputs import OUTPUTS, OutputKind
from mememime_proxy.urls.options.media_rules import _OBEYED, _OPTION_OF, _PIXEL_FIELDS
from tests.support.url_strategies import unsigned

PARSER = unsigned(presets=("card=w:10/ab:96",))


def plan(options, extension):
    return PARSER.parse(f"/_/{options + '/' if options else ''}plain/local:///x{extension and '@' + extension}")


@pytest.mark.parametrize(
    ("options", "extension", "kind"),
    [
        *[("", name, output.kind) for name, output in OUTPUTS.items() if output.is_named],
        ("", "", None),
        ("vts:2/vtt:-1:2:2:10:10", "jpg", None),
        ("wf:512", "png", OutputKind.WAVEFORM),
        ("wf:512", "svg", OutputKind.WAVEFORM),
        ("wf:512", "webp", None),
        ("sg:1", "png", OutputKind.SPECTROGRAM),
        ("tc:3:2/fps:12", "webp", OutputKind.ANIMATION),
        ("tc:3:2/fps:12", "", OutputKind.ANIMATION),
        ("tc:3:2/fps:12", "jpg", None),
        ("tc:3:2", "webp", None),
        ("fps:12", "gif", None),
        ("vta:-1:200:5:32:18", "avif", OutputKind.ANIMATION),
        ("vta:-1:200:5:32:18", "png", None),
        ("raw:1", "mp4", None),
    ],
)
def test_kind_of_a_result_follows_from_options_and_extension(options, extension, kind):
    assert plan(options, extension).output_kind is kind


@pytest.mark.parametrize(
    ("options", "extension", "named"),
    [
        ("sh:1", "mp4", "sharpen"),
        ("t:10", "mp4", "trim"),
        ("pix:8", "webm", "pixelate"),
        ("mb:1000", "mp4", "max_bytes"),
        ("col:0.5", "mp4", "colorize"),
        ("bd:5", "mp4", "blur_detections"),
        ("gr:1/br:3", "mp4", "brightness"),
        ("bga:0.5", "mp4", "background_alpha"),
        ("crn:3", "mp4", "corners"),
        ("bgb:3", "mp4", "background_blur"),
        ("wm:1/wmt:YQ", "mp4", "watermark_text"),
        ("wm:1/wmb:add", "webm", "watermark_blend"),
        ("wm:1:ch", "mp4", "watermark"),
        ("g:sm", "mp4", "gravity"),
        ("c:100:100:sm", "mp4", "gravity"),
        ("vts:3", "mp4", "video_thumbnail_second"),
        ("vtt:-1:2:2:10:10", "mp4", "video_thumbnail_tile"),
        ("z:2", "mp4", "zoom"),
        ("w:100", "mp3", "width"),
        ("wm:1", "opus", "watermark"),
        ("ld:720", "mp4", "ladder"),
        ("vc:h264", "mp3", "video_codec"),
        ("wf:512", "mp4", "waveform"),
        ("ln:1", "json", "loudness"),
        ("tc:1:2", "m3u8", "clip"),
        ("rs:fill:10:10", "m3u8", "resizing_type"),
        ("ab:96", "vtt", "audio_bitrate"),
        ("q:50", "wav", "quality"),
        ("sh:1/tc:3:2/fps:12", "webp", "sharpen"),
    ],
)
def test_option_that_a_result_cannot_obey_is_an_error_that_names_it(options, extension, named):
    with pytest.raises(OptionError, match=f"^{named}: "):
        plan(options, extension)


@pytest.mark.parametrize(
    ("options", "extension"),
    [
        ("tc:0:15/h:720/ac:none/wm:0.5/c:100:50/bl:2/fd:1/spd:2/q:60/rot:90/fl:1/pd:2/bg:fff/dpr:2", "mp4"),
        ("ln:-16:-1/ab:96/tc:1:2/vol:3/trk:en", "opus"),
        ("wf:512/tc:0:3", "json"),
        ("ld:720:360:copy/sd:4", "m3u8"),
        ("vts:3/vta:-1:200:5:32:18/lp:1/w:20", "gif"),
        ("sb:2:160:90", "vtt"),
    ],
)
def test_option_that_a_result_obeys_stays(options, extension):
    assert plan(options, extension).media != NO_MEDIA or options.startswith("vts")


def test_picture_has_no_options_of_films_and_sound():
    assert plan("ab:96/ld:720", "jpg") == plan("", "jpg")
    assert plan("pr:card", "webp").media == NO_MEDIA


def test_every_field_and_every_kind_has_its_rule():
    assert set(_OBEYED) == set(OutputKind)
    assert all(name in _OPTION_OF for name in _PIXEL_FIELDS)
    # The member of a stream is no option: it follows the signed path.
    options = set(NO_MEDIA.__dataclass_fields__) - {"member"}
    assert all(f"media.{name}" in _OPTION_OF for name in options)
    for of_plan, of_media in _OBEYED.values():
        assert of_plan <= set(_PIXEL_FIELDS)
        assert of_media <= set(NO_MEDIA.__dataclass_fields__)
