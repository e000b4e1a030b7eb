"""Each row of docs/security.md has a test that exists, a figure, or a reason; the page is current."""

import pytest

from tests.support.security_rows import GROUPS, PAGE, ROOT, ROWS, functions, page


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_names_tests_that_exist(row):
    for test in row.tests:
        path, _, name = test.partition("::")
        assert (ROOT / "tests" / path).is_file(), path
        assert name in functions(path), test
    assert row.tests or row.figure or row.not_run


def test_rows_are_unique_and_in_a_group():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))
    assert {name.rstrip("0123456789") for name in ids} == set(GROUPS)


def test_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(PAGE.read_text("utf-8")), "run `make docs`"
