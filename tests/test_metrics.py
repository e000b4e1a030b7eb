"""docs/metrics.md lists each metric of both services."""

import re

import pytest

from tests.support import metrics_page

METRICS = {
    name: (kind, labels, meaning)
    for registry in metrics_page.registries().values()
    for name, kind, labels, meaning in metrics_page.metrics_of(registry)
}


def test_metrics_page_is_the_one_that_make_docs_writes():
    assert metrics_page.PATH.read_text("utf-8") == metrics_page.page(), "run: make docs"


@pytest.mark.parametrize("name", METRICS)
def test_metric_has_a_sentence_as_help(name):
    _, _, meaning = METRICS[name]
    assert re.fullmatch(r"[A-Z].*\.", meaning)


def test_metrics_of_errors_have_the_code_as_label():
    assert {name for name, (_, labels, _) in METRICS.items() if "code" in labels} == {
        "errors_total", "resource_errors_total", "storage_errors_total",
    }  # fmt: skip
