import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.formats.text_markup import MAX_FONT, read_markup


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Hello", "Hello"),
        ("<b>x</b> &amp; y", "<b>x</b> &amp; y"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<x>y</x>", "&lt;x&gt;y&lt;/x&gt;"),
        ("<a href='x'>y</a>", "&lt;a href='x'&gt;y&lt;/a&gt;"),
        ("&unknown;", "&amp;unknown;"),
        ("</markup><!DOCTYPE x>", "&lt;/markup&gt;&lt;!DOCTYPE x&gt;"),
    ],
)
def test_text_that_is_no_markup_is_escaped(text, markup):
    assert read_markup(text).markup == markup


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("x", 16),
        ("<span size='20pt'>x</span>", 20),
        ("<span size='51200'>x</span>", 50),
        ("<span font_size='200%'>x</span>", 32),
        ("<span font='Sans Bold 90'>x</span>", 90),
        ("<span font_desc='Serif 30px'>x</span>", 30),
        ("<span size='xx-large'>x</span>", 17.28),
        ("<big><big>x</big></big>", 23.04),
        ("<span size='larger'>x</span>", 19.2),
        ("<span size='10pt'>x</span><span size='40pt'>y</span>", 40),
    ],
)
def test_largest_font_is_known_before_layout(text, font):
    assert read_markup(text).font == pytest.approx(font)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "<b> </b>", "a\0b", "x" * 1025,
        "<span size='401pt'>x</span>", "<span font='Sans 401'>x</span>", "<span size='2600%'>x</span>",
        "<big>" * 20 + "x" + "</big>" * 20,
        "<span size='300pt'><span size='200%'>x</span></span>",
        "<span size='huge'>x</span>", "<span size='1e9pt'>x</span>",
        "<span rise='10'>x</span>", "<span line_height='9'>x</span>", "<span letter_spacing='999999'>x</span>",
        "<span letter_spacing='nan'>x</span>", "<span unknown='1'>x</span>",
    ],
)  # fmt: skip
def test_text_without_a_bound_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_markup(text)


@given(st.text(st.sampled_from("ab <>&/'=\n\"spanizebg1%"), max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        found = read_markup(text)
    except ValueError:
        return
    assert 0 < found.font <= MAX_FONT
    assert found.bound(2.0, 0)[0] > 0


def test_bound_grows_with_lines_their_length_and_the_ratio():
    one, two = read_markup("hello"), read_markup("hello\nhello world")
    assert one.bound(1.0, 0) < two.bound(1.0, 0) < two.bound(2.0, 0)
    assert two.bound(1.0, 40)[1] > two.bound(1.0, 0)[1]
