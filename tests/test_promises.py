"""Each promise has tests, each marker names a promise, and docs/promises.md is current."""

from tests.support.promises import PAGE, PROMISES, marked_tests, page


def test_each_promise_has_a_test_or_says_why_not():
    tests = marked_tests()
    assert not [promise.id for promise in PROMISES if promise.id not in tests and not promise.not_run]


def test_each_marker_names_a_promise():
    assert set(marked_tests()) <= {promise.id for promise in PROMISES}


def test_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(PAGE.read_text("utf-8")), "run `make docs`"
