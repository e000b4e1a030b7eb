"""Manifests through the running service: signed by it, built in its workers, told of by descriptions."""

import pytest

from tests.support.proxy_process import ProxyProcess
from tests.support.signing_certificates import write_chain


@pytest.mark.parametrize(("mode", "present"), [("always", True), ("keep", False)])
async def test_results_have_manifests_and_keep_their_entity_tag(mode, present, tmp_path, pictures, client):
    certificate, key = write_chain(tmp_path)
    results = tmp_path / "originals"
    results.mkdir()
    (results / "one.jpg").write_bytes((pictures / "coffee.jpg").read_bytes())
    with ProxyProcess(
        tmp_path,
        allow_unsigned="1",
        local_filesystem_root=str(results),
        variants_cache_size="0",
        c2pa=mode,
        c2pa_certificate=certificate,
        c2pa_private_key=key,
    ) as proxy:
        answers = []
        for _ in range(2):
            async with client.get(f"{proxy.base}/unsafe/rs:fit:60/plain/local:///one.jpg@png") as answer:
                assert answer.status == 200
                answers.append((answer.headers["ETag"], await answer.read()))
        (tag, body), (other_tag, other_body) = answers
        assert tag == other_tag
        assert (body != other_body) == present  # signed anew
        (results / "two.png").write_bytes(body)
        async with client.get(f"{proxy.base}/info/unsafe/c2pa:1/plain/local:///two.png") as answer:
            found = (await answer.json())["c2pa"]
        assert (found["present"], found.get("trusted", False)) == (present, present)
        async with client.get(f"{proxy.base}/unsafe/raw:1/plain/local:///two.png") as answer:
            assert await answer.read() == body
