"""Two resource processes on one PostgreSQL and one S3: races between the two."""

import asyncio
import base64
import contextlib
import secrets
from collections import Counter

import aiohttp
import pytest

from tests.support.crash_trials import MIB, TUS, Finish, digest, sound
from tests.support.numbered_png import numbered_png
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

OFFSETS = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def nodes(s3_server, tmp_path_factory):
    """Both of them, on a database that waits for its disk."""
    folder = tmp_path_factory.mktemp("nodes")
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    patch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    with PostgresServer(durable=True) as postgres:
        shared = {
            "database_url": postgres.create(),
            "assets_storage": f"s3://{s3_server.create_bucket()}/originals",
            "use_s3": "true",
            "s3_endpoint": s3_server.endpoint,
            "s3_region": s3_server.region,
        }
        with ResourceProcess(folder / "a", **shared) as first, ResourceProcess(folder / "b", **shared) as second:
            yield first, second
    patch.undo()


@pytest.fixture
async def client():
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:
        yield session


@pytest.fixture
def base(nodes):
    """The address of the one or the other."""
    return lambda number: f"http://127.0.0.1:{nodes[number % 2].port}"


def metadata(**pairs):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def number():
    return secrets.randbelow(1 << 24)


async def create(client, base, body, **more):
    headers = {**TUS, "Upload-Length": str(len(body)), "Upload-Metadata": metadata(sha256=digest(body), **more)}
    async with client.post(f"{base}/uploads", headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return "/uploads/" + answer.headers["Location"].rpartition("/")[2]


async def patch(client, base, path, start, body, **more):
    headers = {**OFFSETS, "Upload-Offset": str(start), **more}
    async with client.patch(base + path, data=body, headers=headers) as answer:
        return answer.status, answer.headers.get("Upload-Offset"), answer.headers.get("Mememime-Asset")


async def offset(client, base, path):
    async with client.head(base + path, headers=TUS) as answer:
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])


async def put(client, base, body):
    async with client.put(f"{base}/assets", data=body, headers={"Content-Type": "image/png"}) as answer:
        return answer.status, await answer.json()


@pytest.mark.promise("G6")
async def test_senders_at_one_offset_on_two_nodes_one_succeeds(client, base):
    body = numbered_png(number(), MIB + 50_000)
    for _ in range(5):
        path = await create(client, base(0), body)
        middle = len(body) // 2
        answers = await asyncio.gather(*(patch(client, base(n), path, 0, body[:middle]) for n in range(6)))
        statuses = Counter(status for status, *_ in answers)
        assert statuses == {204: 1, 409: 5}
        assert {await offset(client, base(n), path) for n in range(2)} == {middle}
        answers = await asyncio.gather(*(patch(client, base(n), path, middle, body[middle:]) for n in range(2)))
        assert (204, str(len(body)), digest(body)) in answers
        async with client.get(f"{base(1)}/assets/{digest(body)}/content") as answer:
            assert await answer.read() == body


@pytest.mark.promise("G6")
async def test_upload_is_resumed_at_the_other_node(client, base):
    body, sent = numbered_png(number(), 3 * MIB), 0
    path = await create(client, base(0), body)
    for turn in range(4):
        end = min(len(body), sent + 800_000) if turn < 3 else len(body)
        status, sent, _ = await patch(client, base(turn), path, sent, body[sent:end])
        assert (status, sent) == (204, str(end))
        sent = int(sent)
    async with client.get(f"{base(0)}/assets/{digest(body)}/content") as answer:
        assert await answer.read() == body


@pytest.mark.promise("G8")
async def test_hundred_finish_requests_on_two_nodes_make_one_asset(client, base):
    body = numbered_png(number(), 200_000)
    path = await create(client, base(0), body, alias=f"nodes/{number()}")
    answers = await asyncio.gather(*(patch(client, base(n), path, 0, body) for n in range(100)))
    assert Counter(status for status, *_ in answers)[204] >= 1
    assert {status for status, *_ in answers} <= {204, 409}
    again = await asyncio.gather(*(patch(client, base(n), path, len(body), b"") for n in range(100)))
    assert set(again) == {(204, str(len(body)), digest(body))}


async def test_equal_bytes_at_once_on_two_nodes_are_one_asset(client, base):
    body = numbered_png(number(), 300_000)
    answers = await asyncio.gather(*(put(client, base(n), body) for n in range(20)))
    assert {status for status, _ in answers} <= {200, 201}
    assert {asset["sha256"] for _, asset in answers} == {digest(body)}
    assert {asset["state"] for _, asset in answers} == {"ready"}


@pytest.mark.promise("G12")
async def test_claims_of_one_name_on_two_nodes_have_one_owner(client, base):
    bodies = [numbered_png(number()) for _ in range(10)]
    for body in bodies:
        await put(client, base(0), body)
    name = f"nodes/{number()}"

    async def claim(n):
        body = {"sha256": digest(bodies[n % 10])}
        async with client.put(f"{base(n)}/aliases/{name}", json=body, headers={"If-None-Match": "*"}) as answer:
            return answer.status, (await answer.json()).get("sha256")

    answers = await asyncio.gather(*(claim(n) for n in range(300)))
    assert Counter(status for status, _ in answers) == {201: 1, 412: 299}
    (owner,) = (sha256 for status, sha256 in answers if status == 201)
    for n in range(2):
        async with client.get(f"{base(n)}/aliases/{name}") as answer:
            alias = await answer.json()
            assert (alias["sha256"], alias["version"]) == (owner, 1)


async def test_moves_of_one_version_on_two_nodes_one_succeeds(client, base):
    bodies = [numbered_png(number()) for _ in range(2)]
    for body in bodies:
        await put(client, base(0), body)
    address = f"/aliases/nodes/{number()}"
    async with client.put(base(0) + address, json={"sha256": digest(bodies[0])}) as answer:
        assert answer.status == 201

    async def move(n, version):
        headers = {"If-Match": f'"{version}"'}
        body = {"sha256": digest(bodies[(n + version) % 2])}
        async with client.put(base(n) + address, json=body, headers=headers) as answer:
            return answer.status

    for version in range(1, 6):
        statuses = Counter(await asyncio.gather(*(move(n, version) for n in range(40))))
        assert statuses == {200: 1, 412: 39}


@pytest.mark.promise("G11")
async def test_single_use_token_on_two_nodes_is_used_once(client, base):
    async with client.post(f"{base(0)}/tokens", json={"count": 1, "expires_in": 600}) as answer:
        token = (await answer.json())["token"]
    body = numbered_png(number())
    headers = {**TUS, "Upload-Length": str(len(body)), "Authorization": f"Bearer {token}"}

    async def begin(n):
        async with client.post(f"{base(n)}/uploads", headers=headers) as answer:
            return answer.status

    assert Counter(await asyncio.gather(*(begin(n) for n in range(100)))) == {201: 1, 403: 99}


@pytest.mark.promise("G6")
async def test_node_killed_is_taken_over_by_the_other(client, nodes, base):
    trial = Finish(nodes[0])
    trial.prepare()
    killed = asyncio.get_running_loop().call_later(0.05, nodes[0].process.kill)
    status = 0
    with contextlib.suppress(aiohttp.ClientError):
        status, *_ = await patch(client, base(0), trial.path, trial.acknowledged, trial.body[trial.acknowledged :])
    killed.cancel()
    nodes[0].kill()
    trial.service = nodes[1]
    assert status in {0, 204}
    await asyncio.to_thread(trial.settle, None)
    nodes[0].start()
    assert await offset(client, base(0), trial.path) == len(trial.body)


async def test_two_nodes_leave_nothing_behind(nodes):
    await asyncio.to_thread(sound, nodes[0])
