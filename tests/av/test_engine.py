"""What the engine says of itself."""

from mememime_proxy.av import engine
from mememime_proxy.av.allowlist import DEMUXERS, SOUND, VIDEO, is_allowed_sound, is_allowed_video


def test_report_has_version_licence_and_codecs():
    report = engine.report()
    assert tuple(map(int, report.version.split("-")[0].split(".")[:2])) >= (8, 1)
    assert "GPL" in report.licence
    if {"libx264", "libx265"} & set(report.encoders):
        assert "GPL version 3 or later as a whole" in report.licence
    assert {"h264", "vp9", "av1", "opus", "flac"} <= set(report.decoders)
    assert set(report.decoders) <= VIDEO | SOUND


def test_decoders_are_those_of_the_allow_list():
    names = engine.decoders()
    assert {"h264", "aac", "pcm_s16le"} <= set(names)
    assert not {"ass", "srt", "xbin", "ansi", "tty", "pgssub", "gif", "png"} & set(names)


def test_lists_leave_out_what_reads_other_files():
    assert not {"hls", "concat", "sdp", "dash", "image2", "rtsp", "lavfi"} & set(",".join(DEMUXERS).split(","))
    assert is_allowed_sound("pcm_s24le")
    assert not is_allowed_sound("ass")
    assert not is_allowed_video("xbin")


def test_libraries_are_named_with_versions():
    assert set(engine.libraries()) == {"FFmpeg", "PyAV"}
