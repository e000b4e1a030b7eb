import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import AliasNameError
from mememime_proxy.service.alias_names import MAX_LENGTH, MAX_PARTS, normalise, skeleton


@pytest.mark.parametrize(
    "name",
    ["a", "products/42/front", "ürün/çay.jpg", "日本/写真", "Ωμέγα", "a b", "x@2x", "file.tar.gz", "a-b_c~d!", "Москва",
     "a" * MAX_LENGTH, "/".join("a" * MAX_PARTS), "emoji/😀", "日本x", "kapı", "5μm", "æble", "łódź"],
)  # fmt: skip
def test_normalise_valid_name_is_unchanged(name):
    assert normalise(name) == unicodedata.normalize("NFC", name) == name


def test_normalise_composes_letters():
    assert normalise("u\u0308ber") == "über"


@pytest.mark.promise("G12")
@pytest.mark.parametrize(
    "name",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", ".hidden", "a/.hidden", " a", "a ", "a/ b", "a\\b",
     "a?b", "a#b", "a%2fb", "a\x00b", "a\nb", "a\u200bb", "a\u202eb", "a\u00a0b", "a\ue000b", "a\ufdd0b", "a\udc80b",
     "\u0301a",
     "a" * (MAX_LENGTH + 1), "/".join("a" * (MAX_PARTS + 1)), "x" * 100_000, "p\u0430ypal", "a/\u0440aypal",
     "g\u03bfogle", "\u041dotel", "\u2028"],
)  # fmt: skip
def test_normalise_invalid_name_is_refused(name):
    with pytest.raises(AliasNameError):
        normalise(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Shop/Cup", "shop/cup"), ("аре", "ape"), ("straße", "STRASSE"), ("ｆｕｌｌ", "full"), ("ΟΟ", "OO"),
     ("ﬁne", "fine"), ("İx", "İX"), ("НОТ", "HOT"), ("нот", "НОТ"), ("ВОК", "bok"), ("ΤΟΕ", "TOE"), ("kapı", "kapi"),
     ("ᴀ", "A"), ("𝐚", "a"), ("œuf", "oeuf")],
)  # fmt: skip
def test_skeleton_of_confusable_names_is_equal(one, other):
    assert skeleton(normalise(one)) == skeleton(normalise(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("a1", "al"), ("a0", "ao"), ("a", "b"), ("a/b", "ab"), ("ü", "u"), ("日", "月"), ("и", "й"), ("ö", "o")],
)
def test_skeleton_of_distinct_names_differs(one, other):
    assert skeleton(one) != skeleton(other)


@given(st.text(max_size=300))
def test_normalise_any_text_is_idempotent_or_refused(text):
    try:
        name = normalise(text)
    except AliasNameError:
        return
    assert normalise(name) == name
    assert skeleton(name) == skeleton(normalise(unicodedata.normalize("NFD", name)))
    assert all(part and not part.startswith(".") for part in name.split("/"))


@given(st.from_regex(r"[A-Za-z0-9_/-]{1,40}", fullmatch=True))
def test_skeleton_of_ascii_names_differs_by_more_than_case(text):
    assert skeleton(text) == text.lower()


def test_skeleton_is_idempotent_for_every_character():
    for number in range(0xA0, 0x30000):
        if unicodedata.category(chr(number)) not in {"Cn", "Co", "Cs"}:
            seen = skeleton(chr(number))
            assert skeleton(seen) == seen


@given(st.text(st.characters(min_codepoint=0x400, max_codepoint=0x45F), min_size=1, max_size=20))
def test_skeleton_ignores_case_in_other_scripts(text):
    assert skeleton(text.upper()) == skeleton(text.lower())
