"""Doctor finds whatever stops a start (F8), names every fault, and says what it looked at."""

import json
import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from mememime_proxy.doctor.examination import examine
from mememime_proxy.doctor.findings import State
from tests.support.child_process import run_mememime
from tests.support.commands import invoke
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

SIGNED = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "MEMEMIME_BIND": "127.0.0.1:0", "MEMEMIME_WORKERS": "1"}


async def findings(variables, **options):
    return [finding async for finding in examine(variables, **options)]


def faults(found):
    return [finding for finding in found if finding.state is State.WRONG]


def resource_variables(tmp_path):
    return {
        "MEMEMIME_DATABASE_URL": f"sqlite:///{tmp_path}/resources.sqlite", "MEMEMIME_WORKERS": "1",
        "MEMEMIME_ASSETS_STORAGE": str(tmp_path / "assets"), "MEMEMIME_RESOURCES_BIND": "127.0.0.1:0",
    }  # fmt: skip


async def test_f8_right_environment_has_no_fault(tmp_path):
    found = await findings(SIGNED | resource_variables(tmp_path))
    assert not faults(found)
    assert {"proxy.start", "resources.start", "database.usable", "storage.assets"} <= {each.check for each in found}
    assert all(each.subject for each in found)
    assert not list(tmp_path.glob("assets/**/mememime-doctor*")), "the probe object is removed"
    assert not (tmp_path / "resources.sqlite").exists(), "the database is not created"


PROXY_FAULTS = {
    "no keys": {"MEMEMIME_KEY": "", "MEMEMIME_SALT": ""},
    "one salt too few": {"MEMEMIME_SALT": ""},
    "wrong number": {"MEMEMIME_QUALITY": "0"},
    "wrong preset": {"MEMEMIME_PRESETS": "a=nonsense:1"},
    "presets file": {"MEMEMIME_PRESETS_PATH": "/none"},
    "address": {"MEMEMIME_BIND": "here"},
    "metrics address": {"MEMEMIME_PROMETHEUS_BIND": "localhost"},
    "address of another host": {"MEMEMIME_BIND": "192.0.2.1:0"},
    "socket in a missing folder": {"MEMEMIME_NETWORK": "unix", "MEMEMIME_BIND": "/none/proxy.sock"},
    "local root": {"MEMEMIME_LOCAL_FILESYSTEM_ROOT": "/none"},
    "watermark": {"MEMEMIME_WATERMARK_PATH": "/none"},
    "fallback": {"MEMEMIME_FALLBACK_IMAGE_PATH": "/none"},
    "watermark is no picture's URL": {"MEMEMIME_WATERMARK_URL": "local:///none.png"},
    "store without a folder": {"MEMEMIME_CACHE_USE": "fs"},
    "store that cannot be written": {"MEMEMIME_CACHE_USE": "fs", "MEMEMIME_CACHE_FS_ROOT": "/proc/mememime"},
    "store in a file": {"MEMEMIME_CACHE_USE": "fs", "MEMEMIME_CACHE_FS_ROOT": str(Path(__file__) / "store")},
    "endpoint without a scheme": {"MEMEMIME_USE_S3": "1", "MEMEMIME_S3_ENDPOINT": "storage:8333"},
    "store's endpoint without a scheme": {"MEMEMIME_CACHE_USE": "s3", "MEMEMIME_CACHE_BUCKET": "b",
                                          "MEMEMIME_CACHE_S3_ENDPOINT": "storage:8333"},
    "accounts file": {"MEMEMIME_USE_S3": "1", "MEMEMIME_S3_ACCOUNTS": "/none"},
    "accounts without S3": {"MEMEMIME_S3_ACCOUNTS": "/none"},
    "account of Azure": {"MEMEMIME_USE_ABS": "1"},
    "key of Google": {"MEMEMIME_USE_GCS": "1", "MEMEMIME_GCS_KEY": "{}"},
    "NGINX's folder": {"MEMEMIME_NGINX_CACHE_PATH": "/none"},
    "overlapping folders": {"MEMEMIME_CACHE_USE": "fs", "MEMEMIME_CACHE_FS_ROOT": "/tmp/mememime-x/store",
                            "MEMEMIME_NGINX_CACHE_PATH": "/tmp/mememime-x"},
    "resources without assets": {"MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1"},
    "resources without a scheme": {"MEMEMIME_RESOURCES_URL": "here:1", "MEMEMIME_ASSETS_STORAGE": "/tmp/mememime-a"},
}  # fmt: skip


@pytest.mark.parametrize("change", PROXY_FAULTS.values(), ids=PROXY_FAULTS)
async def test_f8_what_stops_the_proxy_is_a_fault(change):
    variables = SIGNED | change
    assert run_mememime("proxy", **variables).returncode == 1, "the service would start"
    assert faults(await findings(variables, services=["proxy"]))


RESOURCE_FAULTS = {
    "no database": {"MEMEMIME_DATABASE_URL": ""},
    "database of another kind": {"MEMEMIME_DATABASE_URL": "mysql://host/name"},
    "no URL": {"MEMEMIME_DATABASE_URL": "here"},
    "folder of the database": {"MEMEMIME_DATABASE_URL": "sqlite:////none/a.sqlite"},
    "file of the database": {"MEMEMIME_DATABASE_URL": f"sqlite:///{__file__}"},
    "server of the database": {"MEMEMIME_DATABASE_URL": "postgresql://user@127.0.0.1:1/name"},
    "no assets": {"MEMEMIME_ASSETS_STORAGE": ""},
    "assets that cannot be written": {"MEMEMIME_ASSETS_STORAGE": "/proc/mememime"},
    "assets in an unknown storage": {"MEMEMIME_ASSETS_STORAGE": "ftp://bucket"},
    "spool": {"MEMEMIME_SPOOL_PATH": "/none"},
    "short key": {"MEMEMIME_ADMIN_API_KEY": "short"},
    "purges without a key": {"MEMEMIME_PURGE_URLS": "http://127.0.0.1:1"},
    "address": {"MEMEMIME_RESOURCES_BIND": ":99999"},
    "overlapping folders": {"MEMEMIME_SPOOL_PATH": "/tmp", "MEMEMIME_ASSETS_STORAGE": "/tmp/mememime-assets"},
}


@pytest.mark.parametrize("change", RESOURCE_FAULTS.values(), ids=RESOURCE_FAULTS)
async def test_f8_what_stops_the_resource_service_is_a_fault(tmp_path, change):
    variables = resource_variables(tmp_path) | change
    assert run_mememime("resources", **variables).returncode == 1, "the service would start"
    assert faults(await findings(variables, services=["resources"]))


async def test_f8_every_wrong_setting_is_named_and_other_checks_go_on(tmp_path):
    wrong = {
        "MEMEMIME_QUALITY": "0", "IMGPROXY_WORKERS": "many", "MEMEMIME_BIND": "here", "MEMEMIME_S3_ENDPOINT": "host:1",
        "MEMEMIME_USE_S3": "1", "MEMEMIME_CACHE_USE": "fs", "MEMEMIME_SALT": "",
        "MEMEMIME_RESOURCES_BIND": ":99999", "MEMEMIME_ADMIN_API_KEY": "short",
    }  # fmt: skip
    variables = {**SIGNED, **resource_variables(tmp_path), **wrong}
    del variables["MEMEMIME_WORKERS"]
    found = await findings(variables)
    text = "\n".join(f"{each.subject}: {each.detail}" for each in faults(found))
    for name in (*wrong, "MEMEMIME_CACHE_FS_ROOT"):
        if name not in {"MEMEMIME_USE_S3", "MEMEMIME_CACHE_USE"}:
            assert name in text
    checks = {each.check for each in found if each.state is State.OK}
    assert {"workers.formats", "workers.fonts", "machine.open_files", "storage.assets"} <= checks
    assert len(text.splitlines()) == len(set(text.splitlines())), "no fault is reported twice"


async def test_f8_full_store_is_a_fault(tmp_path, small_disk):
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        left = os.statvfs(small_disk)
        file.write(b"x" * (left.f_bavail * left.f_bsize))
    (small_disk / "store").mkdir()
    found = await findings(SIGNED | {"MEMEMIME_CACHE_USE": "fs", "MEMEMIME_CACHE_FS_ROOT": str(small_disk / "store")})
    assert [each.check for each in faults(found)] == ["storage.cache"]
    assert any(each.check == "folders.room" and "nearly full" in each.detail for each in found)


async def test_f8_read_only_store_is_a_fault(read_only_disk):
    variables = SIGNED | {"MEMEMIME_CACHE_USE": "fs", "MEMEMIME_CACHE_FS_ROOT": str(read_only_disk)}
    assert run_mememime("proxy", **variables).returncode == 1
    assert "storage.cache" in {each.check for each in faults(await findings(variables))}


async def test_f8_assets_of_a_proxy_may_be_read_only(read_only_disk):
    variables = SIGNED | {
        "MEMEMIME_ASSETS_STORAGE": str(read_only_disk), "MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    found = await findings(variables)
    assert not faults(found)
    assert "peers.resources" in {each.check for each in found if each.state is State.NOTE}


def test_services_are_chosen_by_their_settings(tmp_path):
    def run(variables, *arguments):
        done = invoke("doctor", "--json", *arguments, **variables)
        report = json.loads(done.stdout)
        assert report["healthy"] is (done.exit_code == 0)
        assert sum(report["counts"].values()) == len(report["findings"])
        assert all(set(each) == {"state", "check", "subject", "detail"} for each in report["findings"])
        return done.exit_code, {each["check"] for each in report["findings"]}, report

    status, checks, report = run(resource_variables(tmp_path))
    assert (status, "proxy.start" in checks, "resources.start" in checks) == (0, False, True)
    assert "no signing keys" in next(
        each["detail"] for each in report["findings"] if each["check"] == "services.checked"
    )
    status, checks, _ = run(SIGNED)
    assert (status, "proxy.start" in checks, "resources.start" in checks) == (0, True, False)
    status, _, report = run(resource_variables(tmp_path), "--proxy")
    assert status == 1
    assert any(each["subject"].startswith("MEMEMIME_KEY") for each in report["findings"] if each["state"] == "wrong")


def test_doctor_beside_running_services(tmp_path):
    """Addresses are in use, clocks and keys are compared; a wrong key is a fault."""
    with ExitStack() as stack:
        resources = stack.enter_context(ResourceProcess(tmp_path / "r"))
        proxy = stack.enter_context(ProxyProcess(tmp_path / "p", key=KEY, salt=SALT, **resources.proxy_settings()))
        variables = resources.settings | proxy.settings | {
            "MEMEMIME_BIND": f"127.0.0.1:{proxy.port}", "MEMEMIME_RESOURCES_BIND": f"127.0.0.1:{resources.port}",
            "MEMEMIME_PURGE_URLS": proxy.base, "MEMEMIME_PURGE_KEY": KEY,
        }  # fmt: skip
        done = run_mememime("doctor", "--json", **variables)
        report = json.loads(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr
        by_check = {each["check"]: each for each in report["findings"]}
        assert "its clock agrees" in by_check["peers.resources"]["detail"]
        assert "its clock agrees" in by_check["peers.proxy"]["detail"]
        assert by_check["peers.key"]["state"] == "ok"
        assert sum("in use by a service" in each["detail"] for each in report["findings"]) == 2
        assert by_check["database.step"]["state"] == "ok"
        done = run_mememime("doctor", "--json", **variables | {"MEMEMIME_RESOURCES_API_KEY": ADMIN_KEY[::-1]})
        assert done.returncode == 1
        assert [each["check"] for each in json.loads(done.stdout)["findings"] if each["state"] == "wrong"] == [
            "peers.key"
        ]


async def test_address_of_another_program_is_a_fault():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        found = await findings(SIGNED | {"MEMEMIME_BIND": f"127.0.0.1:{other.getsockname()[1]}"})
    assert [each.check for each in faults(found)] == ["addresses.free"]


async def test_nginx_configuration_is_compared_with_the_settings(tmp_path):
    variables = SIGNED | {"MEMEMIME_AUTO_WEBP": "1"}
    file = tmp_path / "mememime.conf"
    file.write_text(run_mememime("nginx-config", **variables).stdout)
    found = await findings(variables, nginx=str(file))
    assert not faults(found)
    assert {"nginx.folders", "nginx.settings", "nginx.syntax"} <= {each.check for each in found}
    found = await findings(variables | {"MEMEMIME_AUTO_AVIF": "1"}, nginx=str(file))
    assert [each.check for each in faults(found)] == ["nginx.settings"]
    found = await findings(variables, nginx="/none")
    assert [each.check for each in faults(found)] == ["nginx.file"]


async def test_findings_name_variables_as_they_were_set(tmp_path):
    variables = {name.replace("MEMEMIME_", "IMGPROXY_"): value for name, value in SIGNED.items()}
    found = await findings(variables | {"IMGPROXY_LOCAL_FILESYSTEM_ROOT": "/none", "IMGPROXY_USE_S3": "1"})
    assert any(each.subject.startswith("IMGPROXY_LOCAL_FILESYSTEM_ROOT") for each in faults(found))
    assert not any("MEMEMIME_LOCAL" in each.subject + each.detail for each in found)


async def test_a5_weak_keys_are_faults_by_the_names_as_they_were_set(tmp_path):
    variables = SIGNED | resource_variables(tmp_path) | {
        "MEMEMIME_KEY": "61,736563726574", "MEMEMIME_SALT": "62," + SALT, "IMGPROXY_SIGNATURE_SIZE": "7",
        "MEMEMIME_PURGE_KEY": "aabb," + KEY, "MEMEMIME_TOKEN_KEY": "00" * 32, "IMGPROXY_SECRET": "short",
        "MEMEMIME_SOURCE_URL_ENCRYPTION_KEY": "ab" * 16, "MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    found = [each for each in await findings(variables) if each.check.startswith("keys.")]
    assert {(each.subject, each.detail.partition(" and ")[0]) for each in faults(found)} == {
        ("MEMEMIME_KEY", "key 1 of 2 has 1 bytes"), ("MEMEMIME_KEY", "key 2 of 2 has 6 bytes"),
        ("IMGPROXY_SIGNATURE_SIZE", "signatures of 7 bytes can be guessed; 8 or more cannot"),
        ("MEMEMIME_PURGE_KEY", "key 1 of 2 has 2 bytes"),
        ("MEMEMIME_TOKEN_KEY", "the key is one byte repeated, or counts up or down,"),
        ("MEMEMIME_SOURCE_URL_ENCRYPTION_KEY", "the key is one byte repeated, or counts up or down,"),
        ("IMGPROXY_SECRET", "a text shorter than 16 characters can be guessed"),
    }  # fmt: skip
    notes = {(each.check, each.subject) for each in found if each.state is State.NOTE}
    assert notes == {("keys.missing", "MEMEMIME_RESOURCES_API_KEY"), ("keys.missing", "MEMEMIME_PURGE_URLS")}


async def test_keys_that_are_missing_are_noted(tmp_path):
    variables = SIGNED | resource_variables(tmp_path) | {"MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1"}
    found = [each for each in await findings(variables) if each.check == "keys.missing"]
    assert {(each.subject, each.state) for each in found} == {
        ("MEMEMIME_TOKEN_KEY", State.NOTE), ("MEMEMIME_RESOURCES_API_KEY", State.NOTE),
        ("MEMEMIME_PURGE_URLS", State.NOTE),
    }  # fmt: skip
