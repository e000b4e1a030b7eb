"""A disk that is really full: bytes of assets, the spool or the database are on a small tmpfs."""

import os
import subprocess

import pytest

from tests.support.child_process import missing
from tests.support.crash_trials import digest, sound
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess

MIB = 1 << 20
ROOM = 6 * MIB


@pytest.fixture
def small(tmp_path):
    """A file system with room for six megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        raise missing("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def put(service, body):
    return service.request("PUT", "/assets", body, {"Content-Type": "image/png"})


@pytest.mark.promise("G4")
@pytest.mark.parametrize("what", ["assets", "spool", "database"])
def test_full_disk_leaves_nothing_partial_and_recovers(small, tmp_path, what):
    settings = {
        "assets": {"assets_storage": str(small / "assets")},
        "spool": {"spool_path": str(small)},
        "database": {"database_url": f"sqlite:///{small}/resources.db"},
    }[what]
    filler = small / "filler"
    with ResourceProcess(tmp_path / "service", **settings) as service:
        images = [numbered_png(number, MIB // 2) for number in range(3)]
        assert [put(service, body).status for body in images] == [201] * 3
        with filler.open("wb") as file:
            left = os.statvfs(small)
            file.write(b"x" * (left.f_bavail * left.f_bsize))
        refused = numbered_png(99, 2 * MIB)
        for _ in range(3):
            answer = put(service, refused)
            assert answer.status == 507, answer
        assert service.request("POST", "/assets/exists", {"sha256": [digest(refused)]}).json["present"] == []
        assert service.request("GET", f"/assets/{digest(refused)}/content").status in {404, 409}
        assert service.request("GET", "/health").status == 200
        for body in images:
            content = service.request("GET", f"/assets/{digest(body)}/content")
            assert (content.status, content.body) == (200, body), "reading goes on"
        filler.unlink()
        assert put(service, refused).status == 201
        assert service.request("GET", f"/assets/{digest(refused)}/content").body == refused
        service.restart()
        assert [service.request("GET", f"/assets/{digest(body)}").status for body in (*images, refused)] == [200] * 4
        assert not sound(service).differences
