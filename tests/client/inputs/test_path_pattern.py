import pytest

from mememime_proxy.client.inputs.path_pattern import PathPattern


@pytest.mark.parametrize(
    ("pattern", "base", "matched", "others"),
    [
        ("*.jpg", ".", ["a.jpg"], ["a/b.jpg", "a.png"]),
        ("/x/*/b.jpg", "/x", ["a/b.jpg"], ["b.jpg", "a/c/b.jpg"]),
        ("/*.jpg", "/", ["a.jpg"], ["a/a.jpg"]),
        ("p/**/*.jpg", "p", ["a.jpg", "a/b/c.jpg"], ["a/b/c.png"]),
        ("p/**/a/**/x.jpg", "p", ["a/x.jpg", "b/a/c/a/x.jpg"], ["b/x.jpg"]),
        ("p/**", "p", ["a.jpg", "a/b.jpg"], []),
        ("[ab]/?.jpg", ".", ["a/1.jpg"], ["c/1.jpg", "a/12.jpg"]),
    ],
)
def test_pattern_matches_part_by_part(pattern, base, matched, others):
    parsed = PathPattern.parse(pattern)
    assert parsed.base == base
    assert [path for path in [*matched, *others] if parsed.matches(path)] == matched
    for path in matched:
        for folder in {path[:k] for k, letter in enumerate(path) if letter == "/"}:
            assert parsed.may_match_below(folder)


def test_pattern_prunes_folders():
    parsed = PathPattern.parse("p/a*/x.jpg")
    assert [folder for folder in ("ab", "b", "ab/c") if parsed.may_match_below(folder)] == ["ab"]
    assert PathPattern.parse("p/a.jpg") is None
