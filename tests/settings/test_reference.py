import pytest

from mememime_proxy.settings import reference


@pytest.mark.parametrize("name", reference.pages())
def test_the_committed_page_is_what_the_tables_say(name):
    assert (reference.DOCS / name).read_text("utf-8") == reference.pages()[name], "run: make docs"
