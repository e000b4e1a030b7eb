"""The Kubernetes files are valid, and agree with each other, with the settings and with the image."""

import json
import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from mememime_proxy.settings.environment import unknown_variables
from mememime_proxy.settings.settings import Settings, load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
KEYS = {"MEMEMIME_KEY": "6b" * 32, "MEMEMIME_SALT": "73" * 32}


def component(folder):
    return yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text("utf-8"))


RESOURCES = [f"resources/{name}" for name in component("resources")["resources"]]


def read(name):
    (document,) = yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
    # As JSON: YAML's anchors make one object of several.
    return json.loads(json.dumps(document))


@pytest.fixture(scope="module")
def objects():
    """Return the manifests of the base, by kind."""
    manifests = [read(name) for name in KUSTOMIZATION["resources"]]
    assert len({each["kind"] for each in manifests}) == len(manifests)
    return {each["kind"]: each for each in manifests}


@pytest.fixture(scope="module")
def pod(objects):
    return objects["Deployment"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod):
    (container,) = pod["spec"]["containers"]
    return container


@pytest.mark.parametrize("name", [*KUSTOMIZATION["resources"], *RESOURCES])
def test_manifest_matches_the_schema(name):
    kubernetes_validate.validate(read(name), kubernetes_validate.latest_version(), strict=True)


def test_manifest_with_an_unknown_key_is_rejected():
    manifest = read("deployment.yaml")
    manifest["spec"]["replicaz"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_every_manifest_is_listed_in_a_kustomization():
    applied = {*KUSTOMIZATION["resources"]}
    for folder in ("monitoring", "resources"):
        applied |= {f"{folder}/{name}" for name in component(folder)["resources"]}
    existing = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml")}
    assert existing - applied == {"kustomization.yaml", "monitoring/kustomization.yaml", "resources/kustomization.yaml"}


def test_proxy_settings_are_valid(objects):
    variables = objects["ConfigMap"]["data"] | KEYS
    load(variables)
    assert not unknown_variables(Settings, variables)


def test_commented_settings_are_valid():
    lines = re.findall(r"^  # (MEMEMIME_\w+: .*)$", (FOLDER / "settings.yaml").read_text("utf-8"), re.MULTILINE)
    variables = {name: str(value) for line in lines for name, value in yaml.safe_load(line).items()}
    assert len(variables) > 2
    assert not unknown_variables(Settings, {name: value.lower() for name, value in variables.items()})
    load(KEYS | {name: value.lower() for name, value in variables.items()})


def test_ports_match_the_listen_addresses(objects, container):
    data, ports = objects["ConfigMap"]["data"], {port["name"]: port["containerPort"] for port in container["ports"]}
    assert data["MEMEMIME_BIND"] == f":{ports['http']}"
    assert data["MEMEMIME_PROMETHEUS_BIND"] == f":{ports['metrics']}"
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == set(ports)
    served = {port["name"] for port in objects["Service"]["spec"]["ports"]}
    (rule,) = objects["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == (objects["Service"]["metadata"]["name"], "http")
    assert "http" in served
    monitor = read("monitoring/monitor.yaml")["spec"]
    assert monitor["endpoints"][0]["port"] in served
    assert monitor["selector"]["matchLabels"].items() <= objects["Service"]["metadata"]["labels"].items()


def test_worker_count_equals_the_cpu_request(objects, container):
    assert objects["ConfigMap"]["data"]["MEMEMIME_WORKERS"] == container["resources"]["requests"]["cpu"]


def test_selectors_match_the_pod_labels(objects, pod):
    labels = pod["metadata"]["labels"].items()
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert objects["Service"]["spec"]["selector"].items() <= labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels
    target = objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", objects["Deployment"]["metadata"]["name"])


def test_pod_can_be_evicted_while_others_serve(objects):
    assert (
        objects["HorizontalPodAutoscaler"]["spec"]["minReplicas"]
        > (objects["PodDisruptionBudget"]["spec"]["maxUnavailable"])
    )
    assert objects["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in objects["Deployment"]["spec"], "the autoscaler sets the number"


def test_termination_grace_period_exceeds_the_graceful_stop_timeout(objects, pod, container):
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed += int(objects["ConfigMap"]["data"]["MEMEMIME_GRACEFUL_STOP_TIMEOUT"])
    assert pod["spec"]["terminationGracePeriodSeconds"] > needed


def test_pod_has_no_privileges(pod, container):
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_pod_account_is_the_account_of_the_image(pod):
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    context = pod["spec"]["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (int(user[1]), int(user[2]))


def test_network_policy_blocks_private_networks_and_metadata_services(objects):
    blocks = [
        to["ipBlock"] for rule in objects["NetworkPolicy"]["spec"]["egress"] for to in rule["to"] if "ipBlock" in to
    ]
    excepted = {cidr for block in blocks for cidr in block["except"]}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"} <= excepted


def test_image_tag_is_the_project_version():
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]
    assert KUSTOMIZATION["images"] == [{"name": "mememime", "newTag": version}]


@pytest.fixture(scope="module")
def patched(objects):
    """Return the settings with the patch of the resource service."""
    (patch,) = component("resources")["patches"]
    assert patch["target"] == {key: objects["ConfigMap"][key] for key in ("kind",)} | {
        "name": objects["ConfigMap"]["metadata"]["name"]
    }
    data = dict(objects["ConfigMap"]["data"])
    for change in yaml.safe_load(patch["patch"]):
        assert change["op"] == "add"
        data[change["path"].removeprefix("/data/")] = change["value"]
    return data


def test_resource_service_settings_are_valid_and_name_its_service(objects, patched):
    comment = (FOLDER / "resources" / "kustomization.yaml").read_text("utf-8").partition("apiVersion")[0]
    keys = {
        "MEMEMIME_DATABASE_URL": "postgresql://user:password@host/mememime", "MEMEMIME_ADMIN_API_KEY": "a" * 32,
        "MEMEMIME_TOKEN_KEY": "74" * 32, "MEMEMIME_RESOURCES_API_KEY": "a" * 32, "MEMEMIME_PURGE_KEY": "70" * 32,
    }  # fmt: skip
    assert set(re.findall(r"MEMEMIME_[A-Z_]+[A-Z]", comment)) == set(keys)
    variables = patched | KEYS | keys
    assert not unknown_variables(Settings, variables)
    settings = load(variables)
    service, pod = read("resources/service.yaml"), read("resources/deployment.yaml")["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert settings.resources_url == f"http://{service['metadata']['name']}"
    assert settings.purge_urls == (f"http://{objects['Service']['metadata']['name']}",)
    assert settings.resources_bind == f":{ports['http']}"
    assert settings.prometheus_bind == f":{ports['metrics']}"
    assert container["args"] == ["resources"]
    assert container["env"] == [{"name": "MEMEMIME_SPOOL_PATH", "value": container["volumeMounts"][0]["mountPath"]}]
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + settings.graceful_stop_timeout
    assert pod["spec"]["terminationGracePeriodSeconds"] > needed


def test_resource_service_has_no_more_privileges_than_the_proxy(pod, container):
    resource_pod = read("resources/deployment.yaml")["spec"]["template"]["spec"]
    proxy_pod = pod["spec"]
    assert resource_pod["securityContext"] == proxy_pod["securityContext"] | {
        "fsGroup": proxy_pod["securityContext"]["runAsGroup"]
    }
    assert resource_pod["containers"][0]["securityContext"] == container["securityContext"]
    assert resource_pod["automountServiceAccountToken"] is False


def test_network_policies_connect_both_services_by_their_labels(objects, pod):
    proxies = pod["metadata"]["labels"]
    labels = read("resources/deployment.yaml")["spec"]["template"]["metadata"]["labels"]
    assert labels != proxies
    assert read("resources/service.yaml")["spec"]["selector"] == labels
    one, other = read("resources/network.yaml")["spec"], read("resources/proxies.yaml")["spec"]
    assert (one["podSelector"]["matchLabels"], other["podSelector"]["matchLabels"]) == (labels, proxies)
    for rule, peer in ((one, proxies), (other, labels)):
        for way, side in (("ingress", "from"), ("egress", "to")):
            peers = [
                each["podSelector"]["matchLabels"] for part in rule[way] for each in part[side]
                if set(each) == {"podSelector"}
            ]  # fmt: skip
            assert peers == [peer]
    (rule,) = read("resources/ingress.yaml")["spec"]["rules"]
    assert rule["host"] != objects["Ingress"]["spec"]["rules"][0]["host"]
