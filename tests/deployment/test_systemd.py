"""The systemd units start commands that exist, own their folders, and are confined; their settings are valid."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from mememime_proxy.commands.group import main
from mememime_proxy.settings.environment import unknown_variables
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.settings import Settings, load

FOLDER = Path(__file__).parents[2] / "config" / "systemd"
SERVICES = ("proxy", "resources")
OWNERS = {"proxy": "proxy", "resources": "resources", "work": "resources"}
"""The service whose account and settings a unit has."""
README = (FOLDER / "README.md").read_text("utf-8")
SECRETS = {"MEMEMIME_KEY": "6b" * 32, "MEMEMIME_SALT": "73" * 32, "MEMEMIME_ADMIN_API_KEY": "a" * 64,
           "MEMEMIME_TOKEN_KEY": "74" * 32, "MEMEMIME_PURGE_KEY": "70" * 32,
           "MEMEMIME_RESOURCES_API_KEY": "a" * 64}  # fmt: skip
CONFINEMENT = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "", "ProtectSystem": "strict",
    "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes", "ProtectKernelLogs": "yes", "ProtectControlGroups": "yes", "ProtectClock": "yes",
    "ProtectHostname": "yes", "ProtectProc": "invisible", "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes",
    "RestrictRealtime": "yes", "LockPersonality": "yes", "SystemCallArchitectures": "native",
}  # fmt: skip


def path_of(service):
    return FOLDER / f"mememime-{service}.service"


def directives(service):
    """Return the values of each directive of a unit, in their order."""
    found = {}
    for line in path_of(service).read_text("utf-8").splitlines():
        if match := re.fullmatch(r"([A-Za-z]+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def settings_of(service, *, all_lines=False):
    text = (FOLDER / f"{service}.env").read_text("utf-8")
    if all_lines:
        text = re.sub(r"^# (?=MEMEMIME_[A-Z_]+=)", "", text, flags=re.MULTILINE)
    lines = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("MEMEMIME_"))
    return {name: value or SECRETS[name] for name, value in lines.items()}


@pytest.mark.parametrize("service", OWNERS)
def test_unit_starts_and_reloads_its_service(service):
    unit = directives(service)
    program, command, option, env_file = unit["ExecStart"][0].split()
    assert Path(program).name == "mememime"
    assert command == service
    assert command in main.list_commands(None)
    assert (option, env_file) == ("--env-file", f"/etc/mememime/{OWNERS[service]}.env")
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert "EnvironmentFile" not in unit, "a reload would not read it again"
    owner = OWNERS[service]
    assert unit["User"] == unit["Group"] == [f"mememime-{owner}"]
    assert f"useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin mememime-{owner}\n" in README
    assert f"install -m 0640 -g mememime-{owner} config/systemd/{owner}.env " in README
    assert f"mememime-{service}" in README.split("systemctl enable --now ")[1].splitlines()[0].split()
    settings = load(settings_of(owner), keys_needed=service == "proxy")
    assert int(unit["TimeoutStopSec"][0]) > settings.graceful_stop_timeout


@pytest.mark.parametrize("service", OWNERS)
def test_unit_is_confined(service):
    unit = directives(service)
    assert {name: unit.get(name) for name in CONFINEMENT} == {name: [value] for name, value in CONFINEMENT.items()}
    assert unit["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    allowed, denied, added = unit["SystemCallFilter"]
    assert allowed.startswith("@system-service ")
    # What a worker confines itself with.
    assert {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed.split())
    assert (denied, added) == ("~@privileged", "capset")


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_valid_and_folders_are_those_of_the_unit(service):
    for all_lines in (False, True):
        variables = settings_of(service, all_lines=all_lines)
        assert not unknown_variables(Settings, variables)
        settings = load(variables, keys_needed=service == "proxy")
        check_folders(settings)
    unit, variables = directives(service), settings_of(service)
    owned = [f"/var/lib/{name}/" for name in unit.get("StateDirectory", [])]
    owned += [f"/var/cache/{name}/" for name in unit.get("CacheDirectory", [])]
    used = [value.removeprefix("sqlite:///") for name, value in variables.items() if "/var/" in value]
    assert used
    assert all(any(path.startswith(folder) for folder in owned) for path in used)


def test_each_service_has_only_its_own_keys():
    proxy, resources = (set(settings_of(service, all_lines=True)) for service in SERVICES)
    assert not {"MEMEMIME_ADMIN_API_KEY", "MEMEMIME_TOKEN_KEY", "MEMEMIME_DATABASE_URL"} & proxy
    assert not {"MEMEMIME_KEY", "MEMEMIME_SALT", "MEMEMIME_RESOURCES_API_KEY"} & resources


def test_services_on_one_machine_do_not_share_addresses():
    binds = [
        value for service in SERVICES for name, value in settings_of(service).items() if name.endswith("BIND")
    ]  # fmt: skip
    binds += [text.partition("BIND=")[2] for text in directives("work")["Environment"]]
    assert len(binds) == len(set(binds)) == 5


@pytest.mark.parametrize("service", SERVICES)
def test_workers_stay_below_the_memory_of_the_unit(service):
    settings = load(settings_of(service), keys_needed=service == "proxy")
    high, most = (int(directives(service)[name][0][:-1]) << 30 for name in ("MemoryHigh", "MemoryMax"))
    assert high < most
    needed = settings.worker_count * settings.worker_memory_limit + (384 << 20)
    if service == "proxy":
        needed += settings.originals_cache_size + settings.variants_cache_size
    assert needed <= most


def test_readme_installs_every_file():
    for path in FOLDER.glob("*.env"):
        assert f"config/systemd/{path.name}" in README
        assert set(dotenv_values(path)) == set(settings_of(path.stem))


@pytest.mark.parametrize("service", OWNERS)
def test_systemd_accepts_the_unit(service, tmp_path):
    if (program := shutil.which("systemd-analyze")) is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("systemd-analyze is missing: apt-get install systemd")
    text = path_of(service).read_text("utf-8").replace("/opt/mememime/bin/mememime", "/bin/true")
    # The account does not exist here.
    text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE)
    file = tmp_path / path_of(service).name
    file.write_text(text)
    done = subprocess.run([program, "verify", file], capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if file.name in line]
    assert (done.returncode, complaints) == (0, [])
    done = subprocess.run(
        [program, "security", "--offline=true", "--threshold=25", file],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-200:]
