import pytest

from mememime_proxy.errors import WatermarkError
from mememime_proxy.formats.effects_plan import Mark
from mememime_proxy.imaging.effects import text
from mememime_proxy.imaging.effects.text import MAX_PIXELS, drawn_text, has_fonts


def test_text_is_black_on_transparency_and_grows_with_the_ratio():
    image, large = drawn_text(Mark(text="Hello"), 1.0), drawn_text(Mark(text="Hello"), 2.0)
    assert (image.bands, image.interpretation) == (4, "srgb")
    assert image[0:3].max() == 0
    assert (image[3].min(), image[3].max()) == (0, 255)
    assert large.width == pytest.approx(2 * image.width, abs=4)


def test_text_has_the_colours_of_its_markup():
    image = drawn_text(Mark(text="<span foreground='#f00' size='40pt'>H</span>"), 1.0)
    assert (image[0].max(), image[1].max()) == (255, 0)


def test_markup_that_pango_refuses_is_drawn_as_text():
    wide = drawn_text(Mark(text="<span foreground='nonsense'>x</span>"), 1.0)
    assert wide.width > 10 * drawn_text(Mark(text="x"), 1.0).width


def test_text_is_wrapped_and_aligned():
    line, wrapped = (drawn_text(Mark(text="one two three", text_width=width), 1.0) for width in (0, 50))
    assert wrapped.width <= 50 < line.width
    assert wrapped.height > 2 * line.height
    spaced = drawn_text(Mark(text="one two three", text_width=50, text_spacing=20), 1.0)
    assert spaced.height >= wrapped.height + 40
    left, right = (drawn_text(Mark(text="one three five\nx", text_align=side), 1.0) for side in ("left", "right"))
    assert left.width == pytest.approx(right.width, abs=2)
    assert left.write_to_memory() != right.write_to_memory()


@pytest.mark.parametrize(
    ("content", "ratio"), [("<span size='400pt'>" + "x" * 200 + "</span>", 1.0), ("hello", 2000.0)]
)
def test_text_that_would_be_too_large_is_refused_before_it_is_laid_out(content, ratio, monkeypatch):
    monkeypatch.setattr(text, "pyvips", None)
    monkeypatch.setattr(text, "has_fonts", lambda: True)
    with pytest.raises(WatermarkError, match=f"pixels are more than {MAX_PIXELS}"):
        drawn_text(Mark(text=content), ratio)


def test_text_without_fonts_is_refused(monkeypatch):
    monkeypatch.setattr(text, "has_fonts", lambda: False)
    with pytest.raises(WatermarkError, match="no fonts"):
        drawn_text(Mark(text="x"), 1.0)


def test_text_that_cannot_be_read_is_refused():
    with pytest.raises(WatermarkError, match="rise"):
        drawn_text(Mark(text="<span rise='9'>x</span>"), 1.0)


def test_machine_of_the_tests_has_fonts():
    assert has_fonts()


def test_fonts_of_a_folder_are_found_by_their_suffix(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_files", [])
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.TTF").touch()
    (tmp_path / "readme.txt").touch()
    text.use_fonts(str(tmp_path))
    assert text._files == [str(tmp_path / "deep" / "a.TTF")]
    text.use_fonts("")
    assert text._files == []
