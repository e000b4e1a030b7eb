from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.urls.options.arguments import (
    LARGEST,
    Choice,
    DecimalNumber,
    Flag,
    FormatName,
    HexColor,
    Megapixels,
    RightAngle,
    Text,
    WholeNumber,
)

VALUES = [
    (Flag(), "1", True),
    (Flag(), "t", True),
    (Flag(), "TRUE", True),
    (Flag(), "True", True),
    (Flag(), "0", False),
    (Flag(), "false", False),
    (Flag(), "", False),
    (Flag(), "yes", False),
    (Flag(), "tRUE", False),
    (WholeNumber(), "007", 7),
    (WholeNumber(), "+7", 7),
    (WholeNumber(), "-0", 0),
    (WholeNumber(), str(LARGEST), LARGEST),
    (WholeNumber(-10, 10), "-7", -7),
    (WholeNumber(-10, 10, floor=0), "-7", 0),
    (DecimalNumber(), "1e3", 1000.0),
    (DecimalNumber(), ".5", 0.5),
    (DecimalNumber(), "5.", 5.0),
    (DecimalNumber(), "-1.5", -1.5),
    (DecimalNumber(), "+1.5", 1.5),
    (DecimalNumber(), "0x1p-2", 0.25),
    (DecimalNumber(), "-0X1.8P1", -3.0),
    (DecimalNumber(), "0x.8p0", 0.5),
    (DecimalNumber(), "1e-999", 0.0),
    (DecimalNumber(0), "0", 0.0),
    (DecimalNumber(0, 1), "1", 1.0),
    (Megapixels(), "0.5", 500_000),
    (Megapixels(), "1.9999999", 1_999_999),
    (Megapixels(), "0", 0),
    (RightAngle(), "0", 0),
    (RightAngle(), "270", 270),
    (RightAngle(), "-90", 270),
    (RightAngle(), "450", 90),
    (RightAngle(), "-360", 0),
    (Choice({"a": 1}), "a", 1),
    (HexColor(), "fff", (255, 255, 255)),
    (HexColor(), "1a2", (17, 170, 34)),
    (HexColor(), "FFddee", (255, 221, 238)),
    (FormatName(), "jpg", "jpeg"),
    (FormatName(), "webp", "webp"),
    (Text(), "ä", "ä"),
    (Text(), "", ""),
]

REFUSED = [
    (
        WholeNumber(),
        ["", "-1", "1.0", " 1", "1 ", "1_0", "0x1", "１", "1e3", "2147483648", "9" * 400, "--1", "+", "nan"],
    ),
    (WholeNumber(1), ["0"]),
    (WholeNumber(0, 100), ["101"]),
    (
        DecimalNumber(),
        ["", ".", "e1", "1e", "nan", "NaN", "inf", "-Inf", "infinity", "1e308", "-1e308", "1e999", "0x1", "1_0"],
    ),
    (DecimalNumber(), ["1_0", "0x1p9999", "0xffffffffp999", "0x1p99999", "1,5", " 1", "1" * 65, "١", "+-1"]),
    (DecimalNumber(0), ["-0.1", "-1e-9"]),
    (DecimalNumber(0, above=True), ["0", "-0", "0.0", "1e-999", "-1"]),
    (DecimalNumber(0, 1), ["1.01", "-0.01"]),
    (Megapixels(), ["-1", "nan", "inf", "1e308", ""]),
    (RightAngle(), ["45", "", "90.0", "1", "9" * 30, "x"]),
    (Choice({"a": 1}), ["", "A", "b"]),
    (HexColor(), ["", "ff", "ffff", "fffff", "#fff", "ggg", "fffffff", "ff ", "ｆｆｆ"]),
    (FormatName(), ["", "JPG", "tif", "heif", "mp4", "best"]),
    (Text(), ["\udcff", "a\ud800"]),
]


@pytest.mark.parametrize(("kind", "text", "value"), VALUES)
def test_arguments_valid_text_gives_the_value(kind, text, value):
    found = kind.parse(text)
    assert found == value
    assert type(found) is type(value)
    assert str(found) == str(value)  # tells -0.0 from 0.0


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in REFUSED for text in texts])
def test_arguments_invalid_text_is_a_value_error(kind, text):
    with pytest.raises(ValueError):  # noqa: PT011 - any text may be in it
        kind.parse(text)


def test_arguments_minus_zero_is_zero():
    assert str(DecimalNumber().parse("-0")) == "0.0"


@given(st.text(max_size=80))
def test_arguments_any_text_is_a_value_or_a_value_error(text):
    for kind in (WholeNumber(), DecimalNumber(), Megapixels(), RightAngle(), HexColor(), FormatName(), Text(), Flag()):
        assert kind.expected
        try:
            kind.parse(text)
        except ValueError:
            continue


@given(st.floats(-LARGEST, LARGEST))
def test_arguments_every_float_in_range_round_trips(value):
    assert DecimalNumber().parse(repr(value)) == value
