"""The other service's clock and answers."""

from email.utils import formatdate
from time import time

import pytest
from aiohttp import web

from mememime_proxy.doctor.findings import State
from mememime_proxy.doctor.peer_checks import check_proxies, check_resource_service
from mememime_proxy.settings.settings import Settings


@pytest.fixture
async def peer():
    """Starts a service whose clock is off by some seconds; returns its URL."""
    runners = []

    async def start(skew=0.0, health=200, asset=404):
        async def handle(request):
            status = health if request.path == "/health" else asset
            return web.Response(status=status, headers={"Date": formatdate(time() + skew, usegmt=True)})

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("skew", "state"),
    [(0, State.OK), (-3, State.OK), (30, State.NOTE), (-30, State.NOTE), (90, State.WRONG), (-3600, State.WRONG)],
)
async def test_clock_is_compared(peer, skew, state):
    settings = Settings(purge_urls=(await peer(skew),))
    (finding,) = [each async for each in check_proxies(settings)]
    assert finding.state is state, finding


async def test_every_proxy_is_asked(peer):
    urls = (await peer(), "http://127.0.0.1:1", await peer(health=503))
    found = [each async for each in check_proxies(Settings(purge_urls=urls))]
    assert [each.state for each in found] == [State.OK, State.NOTE, State.NOTE]


@pytest.mark.parametrize(
    ("asset", "state"), [(404, State.OK), (401, State.WRONG), (403, State.WRONG), (301, State.WRONG)]
)
async def test_key_is_tried(peer, asset, state):
    settings = Settings(resources_url=await peer(asset=asset), resources_api_key="k" * 40)
    found = {each.check: each async for each in check_resource_service(settings)}
    assert found["peers.key"].state is state


@pytest.mark.parametrize("url", ["http://user:opensesame@127.0.0.1:99999", "http://user:opensesame@127.0.0.1:1"])
async def test_f8_url_that_no_request_can_be_sent_to_is_wrong_and_its_password_is_not_shown(url):
    (finding,) = [each async for each in check_resource_service(Settings(resources_url=url, resources_api_key="key"))]
    assert finding.state in {State.WRONG, State.NOTE}
    assert "opensesame" not in f"{finding.subject} {finding.detail}"
    if "99999" in url:
        assert finding.state is State.WRONG
