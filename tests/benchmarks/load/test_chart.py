from lxml import etree

from benchmarks.load.chart import chart


def test_each_line_has_its_points_within_the_panel():
    drawing = chart(
        "a < b", {"first": {"x": [(0, 1), (2, 3)], "y": [(0, 0), (1, 0.5), (2, 2)]}, "second": {"z": [(0, 0)]}}
    )
    root = etree.fromstring(drawing.encode())
    lines = [line.get("points").split() for line in root.iter("{*}polyline")]
    assert [len(points) for points in lines] == [2, 3, 1]
    heights = [float(point.partition(",")[2]) for points in lines[:2] for point in points]
    assert 50 <= min(heights) < max(heights) <= 200
    assert "a < b" in [text.text for text in root.iter("{*}text")]
