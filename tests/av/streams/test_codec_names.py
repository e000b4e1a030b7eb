import pytest

from mememime_proxy.av.streams.codec_names import codec_name
from mememime_proxy.errors import UnsupportedFormatError


@pytest.mark.parametrize(
    ("codec", "header", "name"),
    [
        ("h264", "01640028ffe1", "avc1.640028"),
        ("h264", "014d401effe1", "avc1.4d401e"),
        # Main at level 3.1; Main 10 of high tier at level 5: ISO/IEC 14496-15, annex E.
        ("hevc", "01 01 60000000 900000000000 5d f000", "hvc1.1.6.L93.90"),
        ("hevc", "01 22 20000000 b00000000000 96 f000", "hvc1.2.4.H150.B0"),
        ("av1", "81010c00", "av01.0.01M.08"),
        ("av1", "8109cc00", "av01.0.09H.10"),
        ("av1", "81486c00", "av01.2.08M.12"),
    ],
)
def test_name_is_that_of_the_header(codec, header, name):
    assert codec_name(codec, bytes.fromhex(header)) == name


@pytest.mark.parametrize(("codec", "header"), [("vp9", b"\x01" * 20), ("h264", b""), ("h264", b"\0\0\0\1\x67\x64")])
def test_other_codecs_and_headers_are_refused(codec, header):
    with pytest.raises(UnsupportedFormatError, match="cannot be copied"):
        codec_name(codec, header)
