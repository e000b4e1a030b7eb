import pytest

from benchmarks import report, svg
from tests.support.drawings import drawing

RECT = '<rect width="30" height="20" fill="red"/>'


def test_svg_files_are_counted_and_the_others_named(tmp_path):
    (tmp_path / "a").mkdir()
    for name, inside in {
        "a/equal": RECT,
        "a/harmless": f"<script>x()</script>{RECT}",
        "text": "<svg",
    }.items():
        (tmp_path / f"{name}.svg").write_bytes(drawing(inside) if inside != "<svg" else b"<svg")
    (tmp_path / "entity.svg").write_bytes(b"<!DOCTYPE svg [<!ENTITY a '<path/>'>]>" + drawing("&a;"))
    (tmp_path / "empty.svg").write_bytes(drawing(RECT, 'width="0" height="0"'))
    found = svg.compare(tmp_path)
    assert (found["files"], found["equal"], found["share"]) == (5, 4, "80.00%")
    assert found["others"].keys() == {"refused: SVG with entities that are not plain text", svg.REFUSED_BY_BOTH}
    assert found["removed"] == {"element script": 1}
    page = "\n".join(report.svg_section(found))
    assert "4 of 5 files" in page
    assert "entity.svg" in page
    assert svg.compare(tmp_path, limit=1)["files"] == 1
    assert svg.compare(tmp_path / "a")["share"] == "100.00%"


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (RECT, svg.EQUAL),
        (f"<a>{RECT}</a>", svg.EQUAL),
        ('<style>rect{fill:url(http://a.test/x#y)}</style><rect width="9" height="9"/>', svg.EQUAL),
        # Without a fragment it is no paint at all to librsvg, and none to browsers.
        ('<rect width="9" height="9" fill="url(http://a.test/x)"/>', "reference of fill"),
        ('<style>@import "x";rect{fill:red}</style><rect width="9" height="9"/>', svg.EQUAL),
        ('<rect id="a" width="9" height="9"/><set href="#a" attributeName="xlink:href"/>', svg.EQUAL),
    ],
)
def test_svg_difference_is_named(inside, reason):
    assert svg.difference(drawing(inside)) == reason


def test_svg_removals_are_counted_by_name():
    inside = "<style>@import 'x';a{fill:url(http://a.test/);cursor:url(http://a.test/)}</style><rect onclick='x()'/>"
    assert svg.removals(drawing(inside)) == {
        "rule @import": 1,
        "reference of fill": 1,
        "declaration cursor": 1,
        "attribute onclick": 1,
    }
    assert not svg.removals(b"<svg")
