from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.resources.archives.file_names import ArchiveNames


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("cup.jpg", "cup.jpg"), ("cup", "cup.png"), ("../../etc/passwd", "etc-passwd.png"),
        ("C:\\a\\b.gif", "C-a-b.gif"),
        (".hidden", "hidden.png"), ("con.png", "_con.png"), ("Lpt1", "_Lpt1.png"), ("a\u202egnp.exe", "agnp.exe"),
        ("", "file.png"), ("...", "file.png"), ("Küche 2.JPG", "Küche 2.JPG"), ("x. ", "x.png"),
        ("Ku\u0308che.jpg", "Küche.jpg"), ("é" * 200 + ".jpg", "é" * 90 + ".jpg"), ("a?b*c.jpg", "a-b-c.jpg"),
    ],
)  # fmt: skip
def test_name_is_safe_on_every_system(wanted, expected):
    assert ArchiveNames().add(wanted, "png") == expected


def test_name_is_given_once_also_in_another_case():
    names = ArchiveNames()
    found = [names.add(wanted, "jpg") for wanted in ("cup.jpg", "CUP.jpg", "cup.JPG", "cup (2).jpg", "cup")]
    assert found == ["cup.jpg", "CUP (2).jpg", "cup (3).JPG", "cup (2) (2).jpg", "cup (4).jpg"]


@given(st.lists(st.text(max_size=300), max_size=20))
def test_names_are_unique_short_and_have_no_folders(wanted):
    names = ArchiveNames()
    found = [names.add(each, "png") for each in wanted]
    assert len({each.casefold() for each in found}) == len(found)
    for each in found:
        assert each.isprintable()
        assert len(each.encode()) <= 200
        assert not set(each) & set('/\\:*?"<>|')
        assert each == each.strip(" .")
