import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import HEAD_LENGTH, sniff
from tests.support.malformed_images import real_files


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    return (16 + 4 * len(compatible)).to_bytes(4, "big") + b"ftyp" + major + bytes(4) + b"".join(compatible) + bytes(40)


@pytest.mark.parametrize("name", sorted(real_files()))
def test_sniff_real_files(name):
    assert sniff(real_files()[name][:HEAD_LENGTH]) == name.partition("-")[0]
    assert sniff(memoryview(real_files()[name])) == name.partition("-")[0]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (ftyp(b"avif"), "avif"),
        (ftyp(b"avis"), "avif"),
        (ftyp(b"mif1", b"mif1", b"avif"), "avif"),
        (ftyp(b"msf1", b"avis", b"miaf"), "avif"),
        (ftyp(b"mif1", b"heic", b"avif"), "heic"),
        (ftyp(b"mif1", b"mif1"), "heic"),
        (ftyp(b"heic", b"mif1", b"avif"), "heic"),
        *((ftyp(brand), "heic") for brand in (b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs")),
        (ftyp(b"isom", b"mp42"), None),
        (ftyp(b"isom", *[b"mp42"] * 200, b"avif"), None),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"II+\0", "tiff"),
        (b"MM\0+", "tiff"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BM, I said, this is prose", None),
        (b"\0\0\x02\0", None),
        (b"\xff\x0a", "jxl"),
        (b"GIF88a", None),
        (b"", None),
    ],
)
def test_sniff_signatures(data, name):
    assert sniff(data) == name


@pytest.mark.parametrize(
    "text",
    [
        "<svg/>",
        "<svg>",
        "<svg\nwidth='1'>",
        "\n\t <svg xmlns='x'/>",
        "\ufeff<svg/>",
        "<?xml version='1.0'?><svg/>",
        "<?xml version='1.0'?>\n<!-- a < b > c --><?style x?>\n<svg/>",
        "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg/>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]> <svg/>",
        "<s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
        "<!--" + "x" * 15_000 + "--><svg/>",
        "<!--" + "x" * 5 * HEAD_LENGTH + "--><svg/>",  # P8
        "<!DOCTYPE svg [<!-- ]> --><!ENTITY a ']>'>]><svg/>",
    ],
)
def test_sniff_drawings(text):
    assert sniff(text.encode()) == "svg"
    assert sniff(text.lstrip("\ufeff").encode("utf-16")) == "svg"


@pytest.mark.parametrize(
    "text",
    [
        "svg",
        "<svgx/>",
        "<html><svg/></html>",
        "text <svg/>",
        "<?xml version='1.0'?><rss/>",
        "<!-- <svg/> -->",
        "<!--" + "x" * HEAD_LENGTH + "<svg/>",
    ],
)
def test_sniff_other_xml_is_no_svg(text):
    assert sniff(text.encode()) is None


@pytest.mark.parametrize("unit", [b" ", b"<!--", b"<?", b"<!DOCTYPE ", b"<!DOCTYPE [", b"<!---->", b"<?x?>", b"<a:"])
def test_sniff_repetition_is_no_drawing(unit):
    assert sniff(unit * (HEAD_LENGTH // len(unit))) is None


@given(st.binary(max_size=200))
def test_sniff_any_bytes_give_a_format_or_none(data):
    assert sniff(data) in {None, *FORMATS}
