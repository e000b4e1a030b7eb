import pytest

from mememime_proxy.client.inputs.rename import Rename


@pytest.mark.parametrize(
    ("rule", "alias", "renamed"),
    [
        ("s/IMG_//", "p/IMG_1/IMG_2", "p/1/IMG_2"),
        ("s/IMG_//g", "p/IMG_1/IMG_2", "p/1/2"),
        ("s/img_//i", "p/IMG_1", "p/1"),
        ("s|/|-|g", "a/b/c", "a-b-c"),
        (r"s/\//-/g", "a/b/c", "a-b-c"),
        (r"s/(\d+)-(\d+)/\2-\1/", "7-42", "42-7"),
        ("s/[0-9]+/<&>/", "a12", "a<12>"),
        (r"s/[0-9]+/\&/", "a12", "a&"),
        (r"s/a\.b/x/", "aXb a.b", "aXb x"),
        ("s/^/shop\\//", "a", "shop/a"),
    ],
)
def test_rename_changes_an_alias_as_sed_does(rule, alias, renamed):
    assert Rename.parse(rule).apply(alias) == renamed


@pytest.mark.parametrize(
    "rule", ["", "x", "s", "s/a/b", "s/a", "s//x/", "s/a/b/q", "s/(/x/", r"s/a/\1/", "y/a/b/", "s/a/b/c/", "sxaxbx"]
)
def test_rename_invalid_rule_says_what_is_wrong(rule):
    with pytest.raises(ValueError, match="found"):
        Rename.parse(rule)
