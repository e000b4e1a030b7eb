"""What pages need to play films and sound."""

from dataclasses import replace

import pytest

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.film_still import MomentKind
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import Plan
from mememime_proxy.urls.options.info.table import INFO_BY_NAME
from mememime_proxy.urls.parser import UrlParser
from tests.support.url_strategies import builder, signed

PARSER = signed()
SOURCE = "local:///film.mkv"


def test_video_sources_have_the_options_that_each_obeys():
    options = builder().height(720).loudness().quality(60)
    webm, mp4, stream = options.video_sources(SOURCE, formats=("webm", "mp4", "m3u8"))
    assert [each.type for each in (webm, mp4, stream)] == ["video/webm", "video/mp4", "application/vnd.apple.mpegurl"]
    plans = [PARSER.parse(each.src) for each in (webm, mp4, stream)]
    assert [plan.format for plan in plans] == ["webm", "mp4", "m3u8"]
    assert [plan.height for plan in plans] == [720, 720, 0]
    assert {plan.media.loudness for plan in plans} == {(-16, -1)}
    assert {plan.quality for plan in plans} == {60}


def test_audio_sources_leave_out_what_is_about_pictures():
    for each in builder().height(720).audio_bitrate(96).clip(1, 2).audio_sources(SOURCE):
        plan = PARSER.parse(each.src)
        assert plan.output_kind is OutputKind.SOUND
        assert (plan.height, plan.media.audio_bitrate, plan.media.clip_duration) == (0, 96, 2)


def test_format_of_another_kind_is_refused():
    with pytest.raises(OptionError, match="expected one of m3u8, mov, mp4, mpd, webm"):
        builder().video_sources(SOURCE, formats=("mp3",))
    with pytest.raises(OptionError, match="jpeg"):
        builder().audio_sources(SOURCE, formats=("jpeg",))


def test_video_element_has_poster_sources_and_storyboard():
    element = builder().resize("fill", 320, 180).sharpen(1).clip(0, 5).video(SOURCE, storyboard=True)
    assert len(element.sources) == 2
    poster, track = PARSER.parse(element.poster), PARSER.parse(element.storyboard)
    assert (poster.format, poster.width, poster.sharpen, poster.output_kind) == ("jpeg", 320, 1, None)
    assert poster.video_moment.kind is MomentKind.AUTO
    # It is the member, which players read without a redirect: references in it are relative.
    assert track == PARSER.parse(builder().build(SOURCE, "vtt") + "/~/storyboard.vtt")
    assert (track.output_kind, track.source, track.sharpen) == (OutputKind.STORYBOARD, SOURCE, 0)
    html = element.html('A "film"')
    assert html.startswith('<video controls preload="metadata" poster="')
    assert 'aria-label="A &quot;film&quot;"' in html
    assert html.count("<source ") == 2
    assert html.count("<track ") == 1
    assert element.html(muted_loop=True).startswith("<video autoplay loop muted playsinline ")
    assert html.__html__() == html


def test_audio_element_plays_its_sources():
    html = builder().audio(SOURCE).html("Talk")
    assert html.startswith('<audio controls preload="metadata" aria-label="Talk"><source src="')
    assert 'type="audio/ogg"' in html


def test_info_url_is_that_of_a_description():
    url = builder("https://h/img").video_thumbnail_second(3).height(20).info(SOURCE, video_meta=False, size=True)
    assert url.startswith("https://h/img/info/")
    parser = UrlParser(PARSER.config, INFO_BY_NAME)
    plan = parser.parse(url.removeprefix("https://h/img/info"), initial=Plan(info=InfoFields()))
    assert (plan.video_moment.value, plan.height) == (3, 0)
    assert plan.info == replace(InfoFields(), video_meta=False)
    rest = builder().size(300, 200).preset("card").info(SOURCE, palette=8, crop=(10, 20, "sm"), calc_hashsums=["md5"])
    assert rest.partition("/plain/")[0].endswith("/palette:8/crop:10:20:sm/calc_hashsums:md5")
    for wrong in ({"palette": 1}, {"width": 3}, {"palette": "8/w:1"}):
        with pytest.raises(OptionError):
            builder().info(SOURCE, **wrong)
