"""The records of decoders, encoders and operations, and their sum."""

import pytest

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.cost.decoders import DECODERS, decoder_name, noise, output_bytes, stored_bytes
from mememime_proxy.imaging.cost.encoders import ENCODERS, effort_of, encoder_name
from mememime_proxy.imaging.cost.work import BASE_BYTES, BASE_SECONDS, Work
from mememime_proxy.imaging.gate.drawing_work import DrawingWork
from mememime_proxy.imaging.gate.header import ImageHeader, TiffSamples
from mememime_proxy.plan import RenderConfig


def header(format_="jpeg", **facts):
    return ImageHeader(format=format_, width=100, height=50, **facts)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_has_a_decoder_and_what_is_written_an_encoder(name):
    assert decoder_name(header(name)) in DECODERS
    if FORMATS[name].saved:
        for quality in (50, 100):
            for frames in (1, 2):
                key = encoder_name(name, quality, RenderConfig(), frames=frames, palette=True)
                assert key in ENCODERS


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"progressive": True}, "jpeg, progressive"),
        ({"coding": "arithmetic"}, "jpeg, arithmetic"),
        ({"format_": "png", "progressive": True}, "png, interlaced"),
        ({"format_": "ico", "embedded": "png"}, "png"),
        ({"format_": "webp", "coding": "lossless"}, "webp, lossless"),
        ({"format_": "webp", "alpha": True}, "webp, alpha"),
        ({"format_": "avif", "bit_depth": 10}, "avif, more than 8 bits"),
        ({"format_": "bmp", "coding": "rle"}, "bmp, runs"),
        ({"format_": "bmp", "coding": "masks"}, "bmp, bit fields"),
        ({"format_": "bmp", "alpha": None}, "bmp, alpha"),
        ({"format_": "tiff", "coding": "1"}, "tiff, not packed"),
        ({"format_": "tiff", "samples": TiffSamples(sample_format=3)}, "tiff, signed or float"),
        ({"format_": "jxl", "coding": "lossless", "progressive": True}, "jxl, lossless"),
        ({"format_": "jxl", "progressive": True}, "jxl, progressive"),
    ],
)
def test_kinds_of_a_format_have_decoders_of_their_own(facts, name):
    assert decoder_name(header(**facts)) == name


def test_every_record_can_be_reached():
    names = {decoder_name(header(name)) for name in FORMATS} | {
        "jpeg, progressive", "jpeg, arithmetic", "png, interlaced", "webp, lossless", "webp, alpha",
        "avif, more than 8 bits", "bmp, runs", "bmp, bit fields", "bmp, alpha", "tiff, not packed",
        "tiff, signed or float", "jxl, lossless", "jxl, progressive",
    }  # fmt: skip
    assert {"bmp"} <= names | {decoder_name(header("bmp", alpha=False))}
    assert set(DECODERS) == names | {"bmp"}


@pytest.mark.parametrize("name", ["png", "gif", "webp", "avif", "jxl"])
def test_more_effort_never_costs_less(name):
    efforts = ENCODERS[name if name != "png" else "png, palette"].efforts
    assert list(efforts) == sorted(efforts)
    assert effort_of(name, RenderConfig()) < len(efforts)


def test_bytes_of_a_pixel():
    assert stored_bytes(header(bands=4, bit_depth=16)) == 8
    assert stored_bytes(header("png", bands=1, bit_depth=1, palette=True)) == 1
    assert stored_bytes(header(subsampling=1.5)) == 1.5
    assert output_bytes(header("png", bands=1, palette=True, alpha=True)) == (4, 1)
    assert output_bytes(header("png", bands=3, bit_depth=16)) == (3, 2)
    assert output_bytes(header("avif", bands=3, bit_depth=10)) == (3, 1)


def test_noise_is_told_by_the_bytes_of_a_pixel():
    assert noise(header(), 100, 1) < 0.1 < noise(header(), 5000, 1)
    assert noise(header(), 10**9, 1) == 1
    assert noise(header("png"), 15000, 1) == 1
    assert noise(header("png"), 8000, 1) < 0.1
    assert noise(header("gif"), 500, 1) < 0.1
    assert noise(header("bmp"), 15000, 1) == 0.5
    assert noise(header(), 1000, 10) < noise(header(), 1000, 1)


def test_work_adds_up():
    work = Work()
    assert (work.seconds, work.bytes) == (BASE_SECONDS, BASE_BYTES)
    work.add("rotate", 1e6, held=2)
    assert work.bytes == BASE_BYTES + 2_000_000
    before = work.seconds
    work.decode(header(progressive=True, scans=11, subsampling=3.0), 1000, 1e6, 1e6)
    ten_scans = work.seconds - before
    work.decode(header(progressive=True, subsampling=3.0), 1000, 1e6, 1e6)
    assert ten_scans > 1.1 * (work.seconds - before - ten_scans)
    assert work.bytes >= BASE_BYTES + 14_000_000


def test_h6_a_drawing_is_opened_twice_and_drawn_at_the_size_of_the_result():
    drawing = DrawingWork(width=100, height=50, open_cpu=0.5, open_memory=1 << 20, layers=100.0)
    work = Work()
    work.decode(header("svg", drawing=drawing), 1000, 5000, 4 * 5000)
    assert work.seconds == pytest.approx(BASE_SECONDS + 2 * 0.5 + drawing.render_cpu(200, 100))
    assert work.bytes == BASE_BYTES + 2 * ((1 << 20) + 1000) + drawing.render_memory(200, 100)


def test_h2_entries_and_bytes_of_metadata_count():
    plain, tagged = Work(), Work()
    plain.decode(header("avif"), 100_000, 1e6, 1e6)
    tagged.decode(header("avif", exif_entries=1000, metadata_bytes=50_000), 100_000, 1e6, 1e6)
    assert tagged.seconds > plain.seconds + 0.001
    more = Work()
    more.decode(header("avif", exif_entries=1000, metadata_bytes=90_000), 100_000, 1e6, 1e6)
    assert more.seconds < tagged.seconds  # metadata is read, not decoded


def test_frames_take_time_one_after_the_other_and_memory_once():
    once, often = Work(), Work()
    once.decode(header("gif"), 0, 1e6, 1e6)
    often.decode(header("gif"), 0, 1e6, 1e6, 10)
    assert often.bytes == once.bytes
    assert often.seconds - BASE_SECONDS == pytest.approx(10 * (once.seconds - BASE_SECONDS))
