"""The Helm chart and the Kustomize files give the same objects, field by field (S9)."""

import json
import re
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import pytest
import yaml

from mememime_proxy.settings.environment import unknown_variables
from mememime_proxy.settings.settings import Settings, load
from tests.support import chart_schema, charts
from tests.support.kustomize import build

FOREIGN = {"HTTPRoute", "PodMonitor", "ServiceMonitor"}
"""Kinds of others, of which Kubernetes has no schema."""
SECRET = {
    "MEMEMIME_KEY": "6b" * 32, "MEMEMIME_SALT": "73" * 32, "MEMEMIME_RESOURCES_API_KEY": "a" * 32,
    "MEMEMIME_DATABASE_URL": "postgresql://user@host/name", "MEMEMIME_PURGE_KEY": "70" * 32,
}  # fmt: skip
VALUES = yaml.safe_load((charts.CHART / "values.yaml").read_text("utf-8"))
needs_helm = pytest.mark.skipif(not shutil.which("helm"), reason="helm is not installed; `make charts` needs it")


def test_s9_objects_were_made_from_these_files():
    assert charts.DIGEST.read_text("utf-8").strip() == charts.input_digest(), "run: make charts"


def test_s9_there_are_twelve_files_of_values_besides_the_base():
    assert len(charts.cases()) >= 13


@pytest.mark.parametrize("case", charts.cases())
def test_s9_chart_and_overlay_give_the_same_objects(case):
    chart, overlay = charts.read_objects(case), charts.by_name(build(charts.CASES / case))
    assert not list(charts.differences(chart, overlay))


@pytest.mark.parametrize("case", charts.cases())
def test_s9_every_object_passes_the_schema(case):
    version = kubernetes_validate.latest_version()
    checked = [each for each in charts.read_objects(case).values() if each["kind"] not in FOREIGN]
    assert len(checked) > 6
    for manifest in checked:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("case", charts.cases())
def test_settings_of_every_case_are_valid(case):
    objects = charts.read_objects(case)
    for name, manifest in objects.items():
        if not name.startswith("Deployment "):
            continue
        (container,) = manifest["spec"]["template"]["spec"]["containers"]
        variables = dict(SECRET)
        for source in container["envFrom"]:
            if "configMapRef" in source:
                variables |= objects[f"ConfigMap {source['configMapRef']['name']}"]["data"]
        load(variables)
        assert not unknown_variables(Settings, variables)


def test_region_has_nothing_that_changes_the_database():
    objects = charts.read_objects("region")
    assert not [name for name in objects if name.endswith((" mememime-work", " mememime-batch"))]
    settings = load(objects["ConfigMap mememime-resources-settings"]["data"], keys_needed=False)
    assert settings.read_only
    assert settings.writer_url
    assert not settings.purge_urls


def test_differences_names_every_field():
    one = {"spec": {"a": [1, {"b": 2}], "same": 1, "list": [1]}}
    other = {"spec": {"a": [1, {"b": 3}], "same": 1, "list": [1, 2], "new": True}}
    assert list(charts.differences(one, other)) == [
        "/spec/a/1/b: 2 and 3", "/spec/list: [1] and [1, 2]", "/spec/new: None and True",
    ]  # fmt: skip
    assert not list(charts.differences(one, one))


def test_chart_has_no_defaults_of_its_own():
    def leaves(values):
        for value in values.values():
            if isinstance(value, dict) and value:
                yield from leaves(value)
            else:
                yield value

    filled = [value for value in leaves(VALUES) if value not in ("", None, [], {}, True, False)]
    assert filled == ["registry.example.com/mememime"], "a placeholder"


def test_schema_of_values_is_the_one_that_make_docs_writes():
    assert chart_schema.PATH.read_text("utf-8") == chart_schema.text(), "run: make docs"


def test_schema_and_values_have_the_same_names():
    def names(values, schema, path=""):
        properties = schema.get("properties", {})
        if not properties:
            return
        if values != {}:
            assert set(values) == set(properties) - {"global"}, path
            for name in values:
                if isinstance(values[name], dict):
                    names(values[name], properties[name], f"{path}/{name}")

    names(VALUES, chart_schema.schema())


def validate(values):
    jsonschema.validate(values, json.loads(chart_schema.PATH.read_text("utf-8")))


@pytest.mark.parametrize("case", charts.cases())
def test_values_of_every_case_pass_the_schema_of_values(case):
    validate(yaml.safe_load((charts.CASES / case / "values.yaml").read_text("utf-8")) or {})


@pytest.mark.parametrize(
    "values",
    [
        {"settings": {"WORKERZ": 4}},
        {"settings": {"MEMEMIME_WORKERS": 4}},
        {"settings": {"KEY": "6b6b"}},
        {"resources": {"settings": {"DATABASE_URL": "postgresql://user:password@host/name"}}},
        {"settings": {"BIND": ":80"}},
        {"setings": {}},
        {"resources": {"limits": {"cpu": 1}}},
    ],
    ids=str,
)
def test_wrong_values_are_refused(values):
    with pytest.raises(jsonschema.ValidationError):
        validate(values)


def test_versions_are_those_of_the_project():
    chart = yaml.safe_load((charts.CHART / "Chart.yaml").read_text("utf-8"))
    version = re.search(r'^version = "(.*)"$', (charts.ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]
    assert (chart["version"], chart["appVersion"]) == (version, version)


@needs_helm
@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_s9_helm_and_kubectl_give_what_was_written(capsys):
    assert charts.main(check=True) == 0, capsys.readouterr().out


@needs_helm
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("batch.enabled=true", "batch.enabled needs resources.enabled"),
        ("resources.enabled=true,settings.ASSETS_STORAGE=s3://other", "expected the same"),
        ("settings.WORKERZ=4", "WORKERZ"),
        ("resources.enabled=true,resources.settings.READ_ONLY=true,batch.enabled=true", "that takes changes"),
    ],
)
def test_helm_says_what_is_wrong(values, message):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        charts.render_chart("base", "--set", values)
    assert message in caught.value.stderr


@needs_helm
def test_pods_are_replaced_when_a_setting_changes():
    def checksums(*options):
        objects = charts.by_name(yaml.safe_load_all(charts.render_chart("resources", *options)))
        return {
            name: manifest["spec"]["template"]["metadata"]["annotations"][charts.CHECKSUM]
            for name, manifest in objects.items() if name.startswith("Deployment ")
        }  # fmt: skip

    before, after = checksums(), checksums("--set", "settings.AUTO_WEBP=true")
    assert [name for name in before if before[name] != after[name]] == ["Deployment mememime"]
