import gzip

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from mememime_proxy.errors import BrokenImageError, ImageError, LimitError, UnknownFormatError
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.svg.size import DPI
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support import malformed_images
from tests.support.drawings import data_uri, drawing
from tests.support.malformed_images import header_of

RAW = RenderConfig(sanitize_svg=False)
FREE = RenderConfig(sanitize_svg=False, svg_unlimited=True)
CONFIGS = [RenderConfig(), RAW]


@pytest.mark.parametrize(
    "attributes",
    [
        'width="10" height="20"',
        'width="10.3" height="10.5"',
        'width="1e2px" height=" 7 "',
        'width="1in" height="2in"',
        'width="2cm" height="70mm"',
        'width="12pt" height="3pc"',
        'viewBox="0 0 30 40"',
        'viewBox="0,0,7,8"',
        'viewBox="-5 -5 30.4 40.6"',
        'width="10" viewBox="0 0 30 40"',
        'height="10" viewBox="0 0 30 40"',
        'width="50%" height="50%" viewBox="0 0 30 40"',
        'width="100%" height="50" viewBox="0 0 30 40"',
        'width="auto" height="auto" viewBox="0 0 5 6"',
    ],
)
def test_svg_size_is_that_of_librsvg(attributes):
    data = drawing("<rect width='3' height='4'/>", attributes)
    header = header_of(data, config=RAW)
    # libvips scales all of a drawing by dpi / 72; scale takes that back, so that only real units are left
    image = pyvips.Image.svgload_buffer(data, dpi=DPI, scale=72 / DPI)
    assert (header.width, header.height) == (image.width, image.height)
    assert header_of(data) == header


@pytest.mark.parametrize(
    "attributes", ["", 'width="10"', 'width="bad" height="3"', 'width="-5" height="5"', 'width="9%" height="9%"']
)
def test_svg_size_that_only_drawing_would_tell(attributes):
    header = header_of(drawing(attributes=attributes))
    assert (header.width, header.height) == (1, 1)


def test_svg_huge_sizes_are_for_the_render_to_scale_down():
    assert header_of(drawing(attributes='width="1000000" height="1000000"')).width == 1_000_000
    assert header_of(drawing(attributes=f'width="1{"0" * 40}" height="1e300"')).width == 10**9


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_elements_are_bounded(config):
    assert header_of(drawing("<g/>" * 100_000), config=config)
    with pytest.raises(LimitError, match="elements"):
        header_of(drawing("<g/>" * 160_000), config=config)
    with pytest.raises(LimitError, match="elements"):
        header_of(drawing("<g/>" * 2_500_000), config=config)
    assert header_of(drawing("<g/>" * 160_000), config=FREE)


@pytest.mark.parametrize("config", CONFIGS)
def test_p8_drawings_of_several_megabytes_are_read(config):
    """Maps and diagrams: long paths, many of them, and embedded pictures."""
    assert header_of(drawing(f"<path d='{'M0 0L10.5 20.25' * 300_000}'/>"), config=config)
    assert header_of(
        drawing("<path class='a' d='M12.5 34.5L56.7 78.9L100.1 200.2' style='fill:#f00'/>" * 50_000), config=config
    )
    noise = data_uri(malformed_images.png(malformed_images.chunk(b"eXIf", bytes(2_500_000))))
    assert header_of(drawing(f"<image href='{noise}'/>"), config=config)


@pytest.mark.parametrize("config", CONFIGS)
def test_p8_prologs_of_any_length_are_read(config):
    for head in (
        "<!--" + "x" * 100_000 + "-->",
        "\n" * 50_000,
        "<?xml version='1.0'?>" + "<!-- Generator: x -->" * 5_000 + "<?y " + "z" * 70_000 + "?>",
        "<!DOCTYPE svg [<!--" + "]>" * 40_000 + "--><!ENTITY a 'b'>]>",
    ):
        assert header_of(head.encode() + drawing("<text>&amp;</text>"), config=config).width == 30
        assert header_of((head + drawing().decode()).encode("utf-16"), config=config).width == 30


@pytest.mark.parametrize("sanitize", [True, False])
def test_p8_bytes_are_bounded_by_a_setting(sanitize):
    config = RenderConfig(sanitize_svg=sanitize, max_svg_size=2_000_000)
    data = drawing(f"<path d='{'M0 0' * 600_000}'/>")
    with pytest.raises(LimitError, match="bytes"):
        header_of(data, config=config)
    with pytest.raises(LimitError, match="bytes"):
        header_of(gzip.compress(data), config=config)
    assert header_of(data, config=RenderConfig(sanitize_svg=sanitize, svg_unlimited=True, max_svg_size=1000))


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_nesting_is_bounded(config):
    assert header_of(drawing("<g>" * 250 + "</g>" * 250), config=config)
    with pytest.raises(ImageError):
        header_of(drawing("<g>" * 300 + "</g>" * 300), config=config)
    with pytest.raises(ImageError):
        header_of(drawing("<g>" * 50_000), config=config)


def fans(levels: int, times: int, use: str = '<use href="#{}"/>') -> bytes:
    inner = '<rect id="n0" width="1" height="1"/>'
    for level in range(1, levels + 1):
        inner += f'<g id="n{level}">' + use.format(f"n{level - 1}") * times + "</g>"
    return drawing(f"<defs>{inner}</defs>" + use.format(f"n{levels}"))


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    "use",
    ['<use href="#{}"/>', '<use xlink:href=" #{}"/>', '<path mask="url(#{})"/>', "<path style='mask:url( \"#{}\" )'/>"],
)
def test_svg_use_of_use_is_bounded(config, use):
    assert header_of(fans(3, 10, use), config=config)
    with pytest.raises(LimitError, match="draws"):
        header_of(fans(6, 10, use), config=config)
    with pytest.raises(LimitError, match="draws"):
        header_of(fans(200, 2, use), config=config)


def test_svg_use_of_itself_is_no_work():
    assert header_of(drawing('<g id="a"><use href="#a"/><use href="#b"/></g><g id="b"><use href="#a"/></g>'))


def test_svg_gradient_with_many_shapes_is_cheap():
    gradient = '<linearGradient id="a">' + "<stop/>" * 50 + "</linearGradient>"
    assert header_of(drawing(gradient + '<path fill="url(#a)"/>' * 20_000), config=RAW)


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_compressed_drawings_are_inflated_within_bounds(config):
    header, body = inspect(gzip.compress(drawing()), ImageLimits(), config)
    assert header.width == 30
    assert body.startswith(b"<svg")
    with pytest.raises(LimitError):
        header_of(gzip.compress(drawing(" " * 100_000_000)), config=config)
    for broken in (gzip.compress(drawing())[:-9], b"\x1f\x8b\x08" + bytes(20), gzip.compress(bytes(10 << 20))):
        with pytest.raises(BrokenImageError):
            header_of(broken, config=config)


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_plain_document_type_is_taken_away(config):
    kind = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    header, kept = inspect(b"<?xml version='1.0'?>\n<!-- by hand -->" + kind + drawing(), ImageLimits(), config)
    assert header.width == 30
    assert b"DOCTYPE" not in kept


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_entities_of_plain_text_are_replaced(config):
    kind = b"<!DOCTYPE svg [ <!-- & % --> <!ENTITY ns 'http://www.w3.org/2000/svg'> <!ENTITY w \"17\"> ]>"
    header, kept = inspect(
        kind + b"<svg xmlns='&ns;' width='&w;' height='&w;'><title>&w;</title></svg>", ImageLimits(), config
    )
    assert (header.width, header.height) == (17, 17)
    assert b"&" not in kept


LAUGHS = "".join(f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 10))


@pytest.mark.parametrize("config", [*CONFIGS, FREE])
@pytest.mark.parametrize(
    "head",
    [
        f"<!DOCTYPE svg [<!ENTITY l0 'ha'>{LAUGHS}]>",
        "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE svg [<!ENTITY a PUBLIC 'x' 'http://127.0.0.1/'>]>",
        "<!DOCTYPE svg [<!ENTITY % a SYSTEM 'http://127.0.0.1/'> %a;]>",
        "<!DOCTYPE svg [<!ENTITY a '<script/>'>]>",
        f"<?x > ?><!DOCTYPE svg [<!ENTITY l0 'ha'>{LAUGHS}]>",
        "<!DOCTYPE svg [" + "<!--" * 5000 + "]>",
        "<!DOCTYPE svg><!DOCTYPE svg [<!ENTITY a 'b'>]>",
    ],
    ids=range(8),
)
def test_svg_other_entities_are_refused(config, head):
    with pytest.raises(ImageError):
        header_of((head + "<svg xmlns='http://www.w3.org/2000/svg' id='&l9;'>&l9;&a;</svg>").encode(), config=config)


@pytest.mark.parametrize("config", CONFIGS)
def test_svg_entities_that_grow_are_bounded(config):
    head = b"<!DOCTYPE svg [<!ENTITY a '" + b"x" * 7000 + b"'>]>"
    with pytest.raises(LimitError):
        header_of(head + drawing("&a;" * 1000), config=config)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    "data",
    [
        b"<svg",
        b"<svg>",
        b"<svg></g>",
        b"<svg>&nothing;</svg>",
        b"<svg a='1' a='2'/>",
        b"<?xml version='1.0' encoding='utf-7'?><svg/>",
        b"<?xml version='1.0' encoding='punycode'?><svg/>",
        b"<?xml version='1.0' encoding='nonsense'?><svg/>",
        b"<svg>\xff</svg>",
        b"<svg/><svg/>",
        b"\xff\xfe<\0s\0v\0g\0/\0>\0\0\xd8",
    ],
)
def test_svg_broken(config, data):
    with pytest.raises(ImageError):
        header_of(data, config=config)


def test_svg_other_roots_are_no_drawings():
    with pytest.raises(UnknownFormatError):
        header_of(b"<svg xmlns='http://example.com/other'/>")


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("unit", ["<!DOCTYPE ", "<!DOCTYPE x[", " ", "<!--", "<?", "url(", "/*", "@import", "&a;"])
def test_svg_long_repetition_is_parsed_in_linear_time(config, unit):
    """Each of these takes minutes where an expression looks at the rest of the text from every place again."""
    body = unit * (900_000 // len(unit))
    for data in (b"<svg>" + body.encode(), drawing(f"<style>{body}</style>"), drawing(f"<a style='{body}'/>")):
        try:
            inspect(data, ImageLimits(), config)
        except ImageError:
            continue
    head = b"<!DOCTYPE svg " + body.encode() + drawing()
    with pytest.raises(ImageError):
        inspect(b"<svg/>" + head, ImageLimits(), config)


def test_svg_utf_16_and_other_encodings():
    text = drawing("<title>Grüße</title>").decode()
    for encoding in ("utf-16", "utf-16-le", "utf-8-sig"):
        data = text.encode(encoding)
        data = b"\xff\xfe" + data if encoding == "utf-16-le" else data
        header, kept = inspect(data, ImageLimits(), RenderConfig())
        assert header.width == 30
        assert "Grüße" in kept.decode()
    for encoding in ("windows-1252", "iso-8859-15", "mac-roman"):
        named = f"<?xml version='1.0' encoding='{encoding}' standalone='no'?>".encode() + text.encode(encoding)
        assert "Grüße" in inspect(named, ImageLimits(), RenderConfig())[1].decode()
    wide = "<?xml version='1.0' encoding='{}'?><svg xmlns='http://www.w3.org/2000/svg'><title>図</title></svg>"
    for encoding in ("shift_jis", "euc-jp", "gb18030", "utf-8", "UTF-8"):
        assert "図" in inspect(wide.format(encoding).encode(encoding), ImageLimits(), RenderConfig())[1].decode()
    latin = b"<?xml version='1.0' encoding='iso-8859-1'?>" + text.encode("latin-1")
    assert "Grüße" in inspect(latin, ImageLimits(), RenderConfig())[1].decode()


@settings(max_examples=300)
@given(st.text("<>/=\"'#&;! svgausehrefid-[]?()x:1\n", max_size=120), st.sampled_from(CONFIGS))
def test_svg_any_text_is_read_or_refused(text, config):
    try:
        header_of(b"<svg " + text.encode() + b"</svg>", config=config)
    except (BrokenImageError, LimitError, UnknownFormatError):
        return
