"""What ``mememime explain`` says of wrong URLs is what a running service answers."""

import http.client
import json
from urllib.parse import quote

import pytest

from tests.support.child_process import run_mememime
from tests.support.proxy_process import ProxyProcess
from tests.support.wrong_urls import KEY, SALT, SAMPLES, WRONG_URLS

GROUPS = {tuple(sorted(wrong.settings.items())): [] for wrong in WRONG_URLS}
for wrong in WRONG_URLS:
    GROUPS[tuple(sorted(wrong.settings.items()))].append(wrong)


def answer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", quote(path, safe="".join(map(chr, range(0x21, 0x7F)))))
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: ",".join(name for name, _ in group) or "defaults")
def test_service_refuses_wrong_urls_as_explained(tmp_path, group):
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(SAMPLES), "workers": "1"} | dict(group)
    with ProxyProcess(tmp_path, development_errors_mode="1", **settings) as proxy:
        for wrong in GROUPS[group]:
            status, _ = answer(proxy.port, wrong.path)
            assert status == wrong.status, wrong.name


def test_command_explains_and_asks_a_service(service):
    variables = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT}
    done = run_mememime("explain", "/unsafe/plain/local:///x", "--server", service.base, "--json", **variables)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["refusal"]["cause"]["id"] == "signature.unsafe_not_allowed"
    assert result["answer"]["status"] == 403
