"""Packages that `pip install .` and its extras install into an empty environment."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from urllib.request import urlopen

import pytest

from mememime_proxy.commands import group
from mememime_proxy.errors import missing_extra
from tests.support.installation import ROOT
from tests.support.proxy_process import KEY, SALT, ProxyProcess

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PACKAGE = ROOT / "mememime_proxy"
SAMPLES = ROOT / "config" / "samples"
NEED_RESOURCES = dict.fromkeys(["resources", "work", "reconcile", "migrate", "serve"], "resources")
NEED_CLIENT = dict.fromkeys(["upload", "verify"], "client")
NEED_BOTH = {"demo": "server"}
COMMANDS = list(group.COMMANDS)
ROOM_EXTRAS = {"resources": "resources", "jobs": "resources", "client": "client", "av": "av"}
"""The extra that a room's modules may import from, beside what every installation has."""
MODULE_EXTRAS = {"imaging/codecs/libjxl.py": ["jxl"], "service/alias_names.py": ["client", "resources"]}
"""Modules outside of these rooms, and the extras that their users install: each must bring what the module imports."""
TRANSITIVE = {"annotated-types": "pydantic", "botocore": "aiobotocore", "multidict": "aiohttp", "yarl": "aiohttp"}
"""Packages that are the public interface of another one, which requires them."""


PROBE = """
import json, sys
from click.testing import CliRunner
from mememime_proxy.commands.group import main
def outcome(*arguments):
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output
help_only, unavailable = map(json.loads, sys.argv[1:])
print(json.dumps({
    "list": outcome("--help"),
    "help": {name: outcome(name, "--help") for name in help_only},
    "run": {name: outcome(name, "--some-option", "x") for name in unavailable},
}))
"""


def assert_commands(installation, *, unavailable):
    """Assert that all commands show their help, but for those that name the extra that they need."""
    available = [name for name in COMMANDS if name not in unavailable]
    report = installation.run("-c", PROBE, json.dumps(available), json.dumps(list(unavailable)))
    assert report.returncode == 0, report.stderr
    results = json.loads(report.stdout)
    status, listing = results["list"]
    assert status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in listing
    assert not {name: output for name, (status, output) in results["help"].items() if status}
    for name, extra in unavailable.items():
        assert f"(extra {extra})" in listing
        assert results["run"][name] == [1, f"Error: {missing_extra(f'mememime {name}', extra)}\n"]


def test_installation_without_extras_serves_a_picture(installation, wheel, tmp_path):
    installation.install(str(wheel))
    assert not installation.packages() & {"sqlalchemy", "alembic", "aiosqlite", "confusable-homoglyphs", "rich"}
    signed = (
        "from mememime_proxy.urls import UrlBuilder;"
        f"print(UrlBuilder('', {KEY!r}, {SALT!r}).width(40).build('local:///coffee.jpg', extension='png'))"
    )
    path = installation.run("-c", signed).stdout.strip()
    service = ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(SAMPLES))
    service.python = installation.python
    with service, urlopen(service.base + path, timeout=60) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "image/png"
        assert response.read()[16:20] == (40).to_bytes(4)
    assert_commands(installation, unavailable=NEED_RESOURCES | NEED_CLIENT | NEED_BOTH)


@pytest.mark.parametrize(
    ("extra", "module", "unavailable"),
    [
        # PgQueuer requires typer, and that rich: the extra `client` asks for nothing that is not there then.
        ("resources", "mememime_proxy.resources.app, mememime_proxy.resources.job_worker", {}),
        ("client", "mememime_proxy.client", NEED_RESOURCES | NEED_BOTH),
        ("server", "mememime_proxy.resources.app, mememime_proxy.client", {}),
    ],
)
def test_extra_brings_what_its_commands_import(installation, wheel, extra, module, unavailable):
    installation.install(f"mememime[{extra}] @ {wheel.as_uri()}")
    result = installation.run("-c", f"import {module}")
    assert result.returncode == 0, result.stderr
    assert_commands(installation, unavailable=unavailable)


def requirement_names(requirements):
    return {re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower() for requirement in requirements}


def imported_distributions(path, owners):
    """The distributions that a module imports when it is loaded; ``owners``: the distributions of each module name."""
    names = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    names -= sys.stdlib_module_names | {"mememime_proxy"}
    return {owners[name][0].lower().replace("_", "-") for name in names}


def allowed_distributions(path):
    room, *_ = path.relative_to(PACKAGE).parts
    extras = PROJECT["optional-dependencies"]
    allowed = requirement_names(PROJECT["dependencies"])
    if room in ROOM_EXTRAS:
        allowed |= requirement_names(extras[ROOM_EXTRAS[room]])
    if path.is_relative_to(PACKAGE / "commands" / "client"):
        allowed |= requirement_names(extras["client"])
    if path.is_relative_to(PACKAGE / "storage" / "obstore"):
        allowed |= requirement_names(extras["cloud"])
    if path.is_relative_to(PACKAGE / "imaging" / "autoquality"):
        allowed |= requirement_names(extras["autoquality"])
    if path.is_relative_to(PACKAGE / "contrib" / "django"):
        allowed |= {"django"}  # that of the application which uses it
    if users := MODULE_EXTRAS.get(str(path.relative_to(PACKAGE))):
        allowed |= set.intersection(*(requirement_names(extras[extra]) for extra in users))
    return allowed | {name for name, parent in TRANSITIVE.items() if parent in allowed}


def test_modules_import_only_what_their_extra_installs():
    owners = packages_distributions()
    surplus = {
        str(path.relative_to(ROOT)): distributions
        for path in PACKAGE.rglob("*.py")
        if (distributions := imported_distributions(path, owners) - allowed_distributions(path))
    }
    assert not surplus


@pytest.mark.parametrize("extra", ["resources", "client"])
def test_command_group_looks_for_every_package_of_the_extra(extra):
    owners = packages_distributions()
    distributions = {owners[name][0].lower().replace("_", "-") for name in group.EXTRA_MODULES[extra]}
    assert distributions == requirement_names(PROJECT["optional-dependencies"][extra])
