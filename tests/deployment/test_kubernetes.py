"""The Kubernetes files are valid, and agree with each other, with the settings and with the image."""

import json
import re
import shutil
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from mememime_proxy.batch.spec import Shard
from mememime_proxy.commands.jobs.batch import render
from mememime_proxy.settings.environment import unknown_variables
from mememime_proxy.settings.settings import Settings, load
from tests.support.kustomize import build, make_overlay

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
COMPONENTS = ("batch", "gateway", "gateway/resources", "gke-dataplane-v2", "monitoring", "region", "resources")
EXAMPLES = {"batch/job-indexed.yaml"}
"""Applied by themselves."""
KEYS = {"MEMEMIME_KEY": "6b" * 32, "MEMEMIME_SALT": "73" * 32}


def component(folder):
    return yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text("utf-8"))


PARTS = [
    f"{folder}/{name}"
    for folder in ("batch", "gke-dataplane-v2", "resources")
    for name in component(folder)["resources"]
]
"""Manifests of components whose kinds Kubernetes itself has."""


def read(name):
    (document,) = yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
    # As JSON: YAML's anchors make one object of several.
    return json.loads(json.dumps(document))


@pytest.fixture(scope="module")
def objects():
    """Return the manifests of the base, by kind; the policy for identities is looked at by itself."""
    manifests = [read(name) for name in KUSTOMIZATION["resources"] if name != "identity.yaml"]
    assert len({each["kind"] for each in manifests}) == len(manifests)
    return {each["kind"]: each for each in manifests}


@pytest.fixture(scope="module")
def pod(objects):
    return objects["Deployment"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod):
    (container,) = pod["spec"]["containers"]
    return container


@pytest.mark.parametrize("name", [*KUSTOMIZATION["resources"], *PARTS, *EXAMPLES])
def test_manifest_matches_the_schema(name):
    kubernetes_validate.validate(read(name), kubernetes_validate.latest_version(), strict=True)


def test_manifest_with_an_unknown_key_is_rejected():
    manifest = read("deployment.yaml")
    manifest["spec"]["replicaz"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_every_manifest_is_listed_in_a_kustomization():
    applied = {*KUSTOMIZATION["resources"]}
    for folder in COMPONENTS:
        applied |= {f"{folder}/{name}" for name in component(folder).get("resources", [])}
    existing = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml")}
    files = {"kustomization.yaml", *(f"{folder}/kustomization.yaml" for folder in COMPONENTS)}
    assert existing - applied == files | EXAMPLES


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
    (services,) = monitor["selector"]["matchExpressions"]
    for service in (objects["Service"], read("resources/service.yaml")):
        labels = service["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        assert labels[services["key"]] in services["values"]
        assert monitor["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_monitors_find_the_pods_of_jobs():
    monitor = read("monitoring/jobs.yaml")["spec"]
    (components,) = monitor["selector"]["matchExpressions"]
    for name in ("resources/work.yaml", "batch/deployment.yaml"):
        template = read(name)["spec"]["template"]
        assert monitor["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        assert template["metadata"]["labels"][components["key"]] in components["values"]
        (container,) = template["spec"]["containers"]
        assert monitor["podMetricsEndpoints"][0]["port"] in {port["name"] for port in container["ports"]}


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
    assert KUSTOMIZATION["images"] == [
        {"name": "mememime", "newName": "registry.example.com/mememime", "newTag": version}
    ]


SECRETS = {
    "mememime-proxy-keys": {
        **KEYS, "MEMEMIME_PURGE_KEY": "70" * 32, "MEMEMIME_RESOURCES_API_KEY": "a" * 32,
    },
    "mememime-resources-keys": {
        "MEMEMIME_DATABASE_URL": "postgresql://user:password@host/mememime", "MEMEMIME_ADMIN_API_KEY": "a" * 32,
        "MEMEMIME_TOKEN_KEY": "74" * 32, "MEMEMIME_PURGE_KEY": "70" * 32, "MEMEMIME_WEBHOOK_KEY": "77" * 32,
    },
    "mememime-batch-keys": {
        "MEMEMIME_DATABASE_URL": "postgresql://user:password@host/mememime", "MEMEMIME_RESOURCES_API_KEY": "a" * 32,
        "MEMEMIME_WEBHOOK_KEY": "77" * 32,
    },
    "mememime-work-keys": {
        "MEMEMIME_DATABASE_URL": "postgresql://user:password@host/mememime", "MEMEMIME_WEBHOOK_KEY": "77" * 32,
    },
}  # fmt: skip


def variables_of(manifests, name):
    """Return the variables of a Deployment's container: its ConfigMaps and its secrets."""
    (deployment,) = [each for each in manifests if (each["kind"], each["metadata"]["name"]) == ("Deployment", name)]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = {}
    for source in container["envFrom"]:
        if "secretRef" in source:
            variables |= SECRETS[source["secretRef"]["name"]]
        else:
            (settings,) = [
                each for each in manifests
                if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", source["configMapRef"]["name"])
            ]  # fmt: skip
            variables |= settings["data"]
    assert "env" not in container
    return variables, container, deployment


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    return make_overlay(tmp_path_factory.mktemp("cluster"))


def test_f10_overlay_reaches_every_manifest_of_the_components(overlay):
    manifests = build(overlay)
    assert {each["metadata"]["namespace"] for each in manifests} == {"pictures"}
    kinds = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    for kind in ("Deployment", "Service", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"):
        assert {(kind, "mememime"), (kind, "mememime-resources")} <= kinds
    assert ("ServiceMonitor", "mememime") in kinds
    images = [container["image"] for each in manifests if each["kind"] == "Deployment"
              for container in each["spec"]["template"]["spec"]["containers"]]  # fmt: skip
    assert images == ["ghcr.io/somebody/mememime:9.9.9"] * 3


def test_f10_component_without_an_overlay_has_namespace_and_tag(tmp_path):
    """As where the base's own list of components names it."""
    folder = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, folder)
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text("utf-8") + "components: [resources, monitoring, gke-dataplane-v2]\n")
    manifests = build(folder)
    assert {each["metadata"]["namespace"] for each in manifests} == {"mememime"}
    images = {container["image"] for each in manifests if each["kind"] == "Deployment"
              for container in each["spec"]["template"]["spec"]["containers"]}  # fmt: skip
    assert len(images) == 1
    assert images.pop().startswith("registry.example.com/mememime:")


def test_f10_each_service_gets_only_its_own_secrets(overlay):
    manifests = build(overlay)
    proxy, _, _ = variables_of(manifests, "mememime")
    resources, _, _ = variables_of(manifests, "mememime-resources")
    assert not {"MEMEMIME_DATABASE_URL", "MEMEMIME_ADMIN_API_KEY", "MEMEMIME_TOKEN_KEY"} & set(proxy)
    assert not {"MEMEMIME_KEY", "MEMEMIME_SALT", "MEMEMIME_RESOURCES_API_KEY"} & set(resources)
    base = (FOLDER / "kustomization.yaml").read_text("utf-8").partition("apiVersion")[0]
    parts = [(FOLDER / folder / "kustomization.yaml").read_text("utf-8") for folder in ("resources", "batch")]
    comment = base + "".join(text.partition("apiVersion")[0] for text in parts)
    named = set(re.findall(r"MEMEMIME_[A-Z_]+[A-Z]", comment))
    assert named - {"MEMEMIME_CACHE_USE", "MEMEMIME_PRERENDER"} == {
        name for secret in SECRETS.values() for name in secret
    }
    assert set(re.findall(r"mememime-\w+-keys", comment)) == set(SECRETS)


def test_f10_spool_has_room_for_the_largest_uploads_at_once(overlay):
    variables, container, deployment = variables_of(build(overlay), "mememime-resources")
    settings = load(variables, keys_needed=False)
    (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
    needed = settings.uploads_at_once * settings.upload_max_size
    assert bytes_of(volume["emptyDir"]["sizeLimit"]) >= needed
    for kind in ("requests", "limits"):
        assert bytes_of(container["resources"][kind]["ephemeral-storage"]) > bytes_of(volume["emptyDir"]["sizeLimit"])
    assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": settings.spool_path}]


@pytest.mark.parametrize("name", ["mememime", "mememime-resources"])
def test_f10_all_workers_together_stay_below_the_limit_of_the_container(overlay, name):
    variables, container, _ = variables_of(build(overlay), name)
    settings = load(variables, keys_needed=name == "mememime")
    needed = settings.worker_count * settings.worker_memory_limit + (384 << 20)
    if name == "mememime":
        needed += settings.originals_cache_size + settings.variants_cache_size
    else:
        needed += 3 * settings.uploads_at_once * settings.upload_piece_size
    assert needed <= bytes_of(container["resources"]["limits"]["memory"])
    assert variables["MEMEMIME_WORKERS"] == container["resources"]["requests"]["cpu"]


def bytes_of(text):
    return int(text[:-2]) << {"Mi": 20, "Gi": 30}[text[-2:]]


def test_f10_both_services_scale_and_survive_evictions(overlay):
    by_kind = {(each["kind"], each["metadata"]["name"]): each["spec"] for each in build(overlay) if "spec" in each}
    for name in ("mememime", "mememime-resources"):
        scaler = by_kind["HorizontalPodAutoscaler", name]
        assert scaler["scaleTargetRef"]["name"] == name
        assert scaler["minReplicas"] > by_kind["PodDisruptionBudget", name]["maxUnavailable"]
        labels = by_kind["Deployment", name]["template"]["metadata"]["labels"]
        selector = by_kind["PodDisruptionBudget", name]["selector"]["matchLabels"]
        assert selector.items() <= labels.items()
        assert "replicas" not in by_kind["Deployment", name]


def open_addresses(*manifests):
    """Return address and port of each link-local hole in the policies."""
    return {
        (to["ipBlock"]["cidr"], port["port"])
        for manifest in manifests for rule in manifest["spec"]["egress"] for to in rule["to"]
        if "ipBlock" in to and "except" not in to["ipBlock"] for port in rule["ports"]
    }  # fmt: skip


def test_f10_pods_reach_the_endpoints_of_their_identity_and_node_local_dns(overlay):
    policy = read("identity.yaml")
    assert open_addresses(policy) == {
        ("169.254.20.10/32", 53),  # NodeLocal DNSCache
        ("169.254.170.23/32", 80), ("fd00:ec2::23/128", 80),  # EKS Pod Identity
        ("169.254.169.252/32", 988),  # GKE
    }  # fmt: skip
    selector = policy["spec"]["podSelector"]["matchLabels"].items()
    for name in ("mememime", "mememime-resources"):
        _, _, deployment = variables_of(build(overlay), name)
        assert selector <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_f10_credentials_of_the_node_stay_closed_unless_asked_for(overlay):
    policies = [each for each in build(overlay) if each["kind"] == "NetworkPolicy"]
    assert "169.254.169.254/32" not in {address for address, _ in open_addresses(*policies)}
    for name in ("mememime", "mememime-resources"):
        (policy,) = [each for each in policies if each["metadata"]["name"] == name]
        blocks = [to["ipBlock"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
        assert "169.254.0.0/16" in {cidr for block in blocks for cidr in block["except"]}
    assert open_addresses(read("gke-dataplane-v2/metadata.yaml")) == {("169.254.169.254/32", 80)}


def test_resource_service_settings_are_valid_and_name_its_service(objects, overlay):
    manifests = build(overlay)
    variables, container, deployment = variables_of(manifests, "mememime-resources")
    proxy_variables, _, _ = variables_of(manifests, "mememime")
    for each in (variables, proxy_variables):
        assert not unknown_variables(Settings, each)
    settings, proxy = load(variables, keys_needed=False), load(proxy_variables)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert proxy.resources_url == f"http://{read('resources/service.yaml')['metadata']['name']}"
    assert proxy.assets_storage == settings.assets_storage
    assert settings.purge_urls == (f"http://{objects['Service']['metadata']['name']}",)
    assert settings.resources_bind == f":{ports['http']}"
    assert settings.prometheus_bind == f":{ports['metrics']}"
    assert container["args"] == ["resources"]
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + settings.graceful_stop_timeout
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed


def test_resource_service_has_no_more_privileges_than_the_proxy(pod, container):
    resource_pod = read("resources/deployment.yaml")["spec"]["template"]["spec"]
    proxy_pod = pod["spec"]
    assert resource_pod["securityContext"] == proxy_pod["securityContext"] | {
        "fsGroup": proxy_pod["securityContext"]["runAsGroup"]
    }
    assert resource_pod["containers"][0]["securityContext"] == container["securityContext"]
    assert resource_pod["automountServiceAccountToken"] is False


def test_worker_of_jobs_has_valid_settings_and_no_more_privileges_than_the_resource_service(overlay):
    variables, container, deployment = variables_of(build(overlay), "mememime-work")
    settings = load(variables, keys_needed=False)
    assert not unknown_variables(Settings, variables)
    assert container["args"] == ["work"]
    assert settings.prometheus_bind == f":{container['ports'][0]['containerPort']}"
    assert not {"MEMEMIME_ADMIN_API_KEY", "MEMEMIME_TOKEN_KEY", "MEMEMIME_PURGE_KEY", "MEMEMIME_KEY"} & set(variables)
    pod, other = deployment["spec"]["template"]["spec"], read("resources/deployment.yaml")["spec"]["template"]["spec"]
    assert pod["securityContext"] == other["securityContext"]
    assert container["securityContext"] == other["containers"][0]["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["terminationGracePeriodSeconds"] > settings.graceful_stop_timeout
    policy, labels = read("resources/work-network.yaml")["spec"], deployment["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    blocks = [to["ipBlock"] for rule in policy["egress"] for to in rule["to"] if "ipBlock" in to]
    resources = read("resources/network.yaml")["spec"]
    assert blocks == [to["ipBlock"] for rule in resources["egress"] for to in rule["to"] if "ipBlock" in to]


def test_worker_of_batch_jobs_renders_as_the_proxies_do_under_the_same_confinement(objects, container, pod, tmp_path):
    folder = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, folder)
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text("utf-8") + "components: [resources, batch]\n")
    manifests = build(folder)
    assert not [each for each in manifests if each["metadata"]["name"] == "mememime-work"], "it cannot render"
    variables, batch, deployment = variables_of(manifests, "mememime-batch")
    proxies, _, _ = variables_of(manifests, "mememime")
    settings = load(variables, keys_needed=False)
    assert not unknown_variables(Settings, variables)
    own = set(read("batch/settings.yaml")["data"]) | set(SECRETS["mememime-batch-keys"])
    secrets = set(SECRETS["mememime-proxy-keys"])
    assert {name: variables[name] for name in variables.keys() - own} == {
        name: proxies[name] for name in proxies.keys() - own - secrets
    }
    assert batch["args"] == ["work"]
    assert batch["resources"]["limits"] == container["resources"]["limits"]
    assert batch["resources"]["requests"] == container["resources"]["requests"] | {"cpu": "500m"}, "it gives way"
    assert batch["securityContext"] == container["securityContext"]
    template = deployment["spec"]["template"]["spec"]
    assert template["securityContext"] == pod["spec"]["securityContext"]
    assert template["terminationGracePeriodSeconds"] > settings.graceful_stop_timeout
    assert not {"MEMEMIME_KEY", "MEMEMIME_SALT", "MEMEMIME_ADMIN_API_KEY"} & set(variables)
    scaler = read("batch/autoscaler.yaml")["spec"]
    assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    way, back = read("batch/network.yaml")["spec"], read("batch/aliases.yaml")["spec"]
    assert way["podSelector"]["matchLabels"] == labels
    assert back["ingress"][0]["from"] == [{"podSelector": {"matchLabels": labels}}]
    assert way["egress"][0]["to"] == [{"podSelector": back["podSelector"]}]


def test_indexed_job_divides_the_work_among_its_indexes(container):
    job = read("batch/job-indexed.yaml")["spec"]
    pod = job["template"]["spec"]
    (worker,) = pod["containers"]
    assert job["completionMode"] == "Indexed"
    command, kind, *words = (word.replace("$(JOB_COMPLETION_INDEX)", "15") for word in worker["args"])
    assert (command, kind) == ("batch", "render")
    taken = render.make_context(kind, words).params
    assert taken["engine"] == "local", "without a database"
    assert Shard.parse(taken["shard"]) == Shard(15, job["completions"])
    assert worker["args"][-2:] == ["--shard", f"$(JOB_COMPLETION_INDEX)/{job['completions']}"]
    assert (job["backoffLimitPerIndex"], pod["restartPolicy"]) == (3, "Never")
    assert job["podFailurePolicy"]["rules"][0] == {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget"}],
    }
    assert job["podFailurePolicy"]["rules"][1]["onExitCodes"]["containerName"] == worker["name"]
    assert worker["securityContext"] == container["securityContext"]
    assert worker["image"] == f"{KUSTOMIZATION['images'][0]['newName']}:{KUSTOMIZATION['images'][0]['newTag']}"


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
