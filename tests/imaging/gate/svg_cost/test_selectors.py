"""H6: selectors are read by their text, for what they match at most and what trying them takes."""

import pytest

from mememime_proxy.imaging.gate.svg_cost.selectors import read_selectors


@pytest.mark.parametrize(
    ("prelude", "keys"),
    [
        ("g", ["name g"]),
        (".a", ["class a"]),
        ("#a", ["id a"]),
        ("*", ["everywhere "]),
        (" .b rect , .c ", ["name rect", "class c"]),
        ("g>#e.f:hover", ["id e"]),
        (".g:not(.h)", ["class g"]),
        (":not(.h, .i)", ["everywhere "]),
        (":is(.a,.b) .z", ["class z"]),
        ("[data-a='.b']", ["everywhere "]),
        ('RECT[a="x,y"]:nth-child(2n)', ["name rect"]),
        (".\\61 b", ["name b"]),
        ("a.\\62", ["everywhere "]),
        ("svg|g", ["everywhere "]),
        ("", ["everywhere "]),
    ],
)
def test_keys(prelude, keys):
    assert [" ".join(selector.key) for selector in read_selectors(prelude)] == keys


def test_h6_what_trying_a_selector_takes():
    (found,) = read_selectors(".a .b ~ g.c.d:not(.e, .f [x])")
    assert (found.compounds, found.ancestors, found.siblings) == (3, True, True)
    assert found.parts >= 8
    assert found.classes >= 6
    assert found.attributes == 1
    (found,) = read_selectors("g:nth-child(2n of :nth-of-type(1))")
    assert found.positions >= 2
    assert read_selectors("(" * 100_000)
    assert read_selectors("(" * 50 + ")" * 50)
