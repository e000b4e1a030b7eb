"""Commands that talk to a running resource service, with what a test needs of their results."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from mememime_proxy.commands.group import main
from tests.support.resource_process import ADMIN_KEY, ResourceProcess


def run_command(service: ResourceProcess | str, *words: str, key: str = ADMIN_KEY, **env: str) -> Result:
    """Run ``mememime`` with ``words``; ``service`` or its URL is in the environment, as ``make run`` leaves it."""
    url = service if isinstance(service, str) else service.base
    variables = {"MEMEMIME_RESOURCES_URL": url, "MEMEMIME_RESOURCES_API_KEY": key}
    return CliRunner().invoke(main, list(words), env=variables | env)


def json_of(service: ResourceProcess, *words: str, **env: str) -> Any:
    """Return what a command prints with ``--json``."""
    result = run_command(service, *words, "--json", **env)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
