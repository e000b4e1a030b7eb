"""Dashboard, alerts and autoscaler name metrics, and labels of metrics, that the service has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mememime_proxy.errors.base import error_classes
from tests.support.metrics_page import metrics_of, registries

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "config" / "prometheus" / "alerts.yaml").read_text("utf-8"))
DASHBOARD = json.loads((ROOT / "config" / "grafana" / "mememime.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
EXPRESSIONS = {
    **{f"{panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]},
    **{rule["alert"]: rule["expr"] for rule in RULES},
    **{each["name"]: each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"},
}
SCRAPE_LABELS = {"job", "instance"}


@pytest.fixture(scope="module")
def series():
    """Return the names of the time series of ``/metrics``."""
    text = "".join(generate_latest(registry).decode() for registry in registries().values())
    names = set()
    for family in text_string_to_metric_families(text):
        name = family.name
        match family.type:
            case "counter":
                names.add(f"{name}_total")
            case "histogram":
                names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
            case _:
                names.add(name)
    return names


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expression_uses_metrics_that_exist(series, expression):
    """Every series in these files is written with its selector in braces."""
    metrics = set(re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{", expression))
    for alternatives in re.findall(r'__name__=~"([^"]+)"', expression):
        metrics |= set(alternatives.split("|"))
    assert metrics
    assert metrics <= series
    # Every other word is a function or a label: no series is written without braces.
    rest = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expression)
    words = set(re.findall(r"[a-z][a-z_]{6,}", rest))
    functions = {"histogram_quantile", "avg_over_time", "label_values", "instance", "account", "operation",
                 "increase", "endpoint"}  # fmt: skip
    assert words - metrics <= functions


SCRAPE_AND_HISTOGRAM_LABELS = SCRAPE_LABELS | {"le", "__name__"}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expression_selects_labels_and_values_that_exist(expression):
    known = {name: set(labels) for registry in registries().values() for name, _, labels, _ in metrics_of(registry)}
    for name, selector in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", expression):
        labels = known.get(re.sub(r"_(bucket|sum|count)$", "", name), known.get(name, set()))
        for label, operator, value in re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', selector):
            assert label in labels | SCRAPE_AND_HISTOGRAM_LABELS
            if label == "code":
                assert set(value.split("|")) <= set(error_classes()), f"{name}{operator}{value}"


def test_autoscaler_metric_exists(series):
    for name, kind in (("autoscaler.yaml", "Pods"), ("batch/autoscaler.yaml", "External")):
        scaler = yaml.safe_load((ROOT / "config" / "kubernetes" / name).read_text("utf-8"))
        metrics = [each[kind.lower()]["metric"]["name"] for each in scaler["spec"]["metrics"] if each["type"] == kind]
        assert metrics
        assert set(metrics) <= series


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expression_has_balanced_parentheses(expression):
    for left, right in ("()", "{}", "[]"):
        assert expression.count(left) == expression.count(right)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert_summary_uses_labels_of_its_expression(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    grouped = re.search(r"by \(([^)]*)\)", rule["expr"])
    available = {name.strip() for name in grouped[1].split(",")} - {"le"} if grouped else SCRAPE_LABELS
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert used
    assert used <= available


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_has_a_description_and_its_legend_uses_labels_of_its_expression(panel):
    assert panel["description"]
    for target in panel["targets"]:
        used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
        if grouped:
            assert used <= {name.strip() for name in grouped[0].split(",")}
        else:
            assert used <= SCRAPE_LABELS


def test_panels_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        position = panel["gridPos"]
        cells = {(position["x"] + i, position["y"] + j) for i in range(position["w"]) for j in range(position["h"])}
        assert position["x"] + position["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
