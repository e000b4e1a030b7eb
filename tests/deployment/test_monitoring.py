"""Dashboard, alerts and autoscaler name metrics, and labels of metrics, that the service has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.workers.stats import PoolStats

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
FROM_PROMETHEUS = {"job", "instance"}


@pytest.fixture(scope="module")
def series():
    """Names of the time series of ``/metrics``."""
    metrics = Metrics()
    stats = PoolStats(2, 2, 0, 0, 0, 0, 1, 1, 0, 0.1, {"recycled": 1})
    metrics.watch_pool(lambda: stats)
    metrics.watch_storages(list)
    found = set()
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        name = family.name
        match family.type:
            case "counter":
                found.add(f"{name}_total")
            case "histogram":
                found |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
            case _:
                found.add(name)
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_metrics_exist(series, expression):
    """Every series in these files is written with its selector in braces."""
    named = set(re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{", expression))
    assert named
    assert named <= series
    # No series is left that the expression above did not see.
    rest = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expression)
    words = set(re.findall(r"[a-z][a-z_]{6,}", rest))
    functions = {"histogram_quantile", "avg_over_time", "label_values", "instance", "account", "operation"}
    assert words - named <= functions


def test_the_autoscaler_s_metric_exists(series):
    autoscaler = yaml.safe_load((ROOT / "config" / "kubernetes" / "autoscaler.yaml").read_text("utf-8"))
    pods = [metric["pods"]["metric"]["name"] for metric in autoscaler["spec"]["metrics"] if metric["type"] == "Pods"]
    assert pods
    assert set(pods) <= series


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_parentheses_are_balanced(expression):
    for left, right in ("()", "{}", "[]"):
        assert expression.count(left) == expression.count(right)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    grouped = re.search(r"by \(([^)]*)\)", rule["expr"])
    kept = {name.strip() for name in grouped[1].split(",")} - {"le"} if grouped else FROM_PROMETHEUS
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert used
    assert used <= kept


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_is_explained_and_its_legend_has_labels_that_are_kept(panel):
    assert panel["description"]
    for target in panel["targets"]:
        used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
        if grouped:
            assert used <= {name.strip() for name in grouped[0].split(",")}
        else:
            assert used <= FROM_PROMETHEUS


def test_panels_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
