import pytest

from benchmarks import corpus

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2010, One
License: LGPL-2.1+

Files: 16.04/Lake_by_A.jpg
       nature/Wood.jpg
Copyright: 2015, A
License: CC-BY-4.0
 Text of it: long.

Files: graphics/*
Copyright: 2012, B
License: CC-BY-SA-3.0

License: CC-BY-4.0
 Everything else.
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/share/backgrounds/Lake_by_A.jpg", "CC-BY-4.0"),
        ("/usr/share/backgrounds/mate/nature/Wood.jpg", "CC-BY-4.0"),
        ("/usr/share/lxqt/graphics/x.png", "CC-BY-SA-3.0"),
        ("/usr/share/lxqt/fog.jpg", "LGPL-2.1+"),
    ],
)
def test_the_licence_of_a_file_is_that_of_the_last_paragraph_about_it(path, expected):
    assert corpus.licence(COPYRIGHT, path) == expected


def test_a_file_without_a_licence_is_an_error():
    with pytest.raises(RuntimeError, match="no licence"):
        corpus.licence("Files: c.jpg\nLicense: CC0-1.0\n", "/a/b.jpg")


def test_the_set_has_the_same_names_in_each_format():
    assert corpus.names("jpeg")[0] == "00.jpg"
    assert len({name.split(".")[0] for kind in ("jpeg", "png", "webp", "avif") for name in corpus.names(kind)}) == 24


def test_the_manifest_tells_sizes_and_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "WORK", tmp_path)
    monkeypatch.setattr(corpus, "SET", tmp_path / "set")
    assert not corpus.installed()
    (tmp_path / "set").mkdir()
    (tmp_path / "set/manifest.json").write_text('{"photographs": [{"width": 3, "height": 2, "licence": "X"}]}')
    (tmp_path / "packages").mkdir()
    for name in ("b_1_all.deb", "a_2_all.deb"):
        (tmp_path / "packages" / name).touch()
    assert corpus.installed()
    assert corpus.sizes() == [(3, 2)]
    assert corpus.licences() == ["X"]
    assert corpus.packages() == ["a_2_all.deb", "b_1_all.deb"]
