"""docs/cost.md is what its generator writes."""

from mememime_proxy.imaging.cost.reference import PATH, page


def test_page_is_up_to_date():
    assert PATH.read_text() == page(), "run: make docs"
