"""A disk that is really full: bytes of assets, the spool or the database are on a small tmpfs."""

import os

import pytest

from tests.support.crash_trials import digest, sound
from tests.support.mounts import MIB, small_disk
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess

__all__ = ["small_disk"]


def put(service, body):
    return service.request("PUT", "/assets", body, {"Content-Type": "image/png"})


@pytest.mark.promise("G4")
@pytest.mark.parametrize("what", ["assets", "spool", "database"])
def test_full_disk_leaves_nothing_partial_and_recovers(small_disk, tmp_path, what):
    settings = {
        "assets": {"assets_storage": str(small_disk / "assets")},
        "spool": {"spool_path": str(small_disk)},
        "database": {"database_url": f"sqlite:///{small_disk}/resources.db"},
    }[what]
    filler = small_disk / "filler"
    with ResourceProcess(tmp_path / "service", **settings) as service:
        images = [numbered_png(number, MIB // 2) for number in range(3)]
        assert [put(service, body).status for body in images] == [201] * 3
        with filler.open("wb") as file:
            left = os.statvfs(small_disk)
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
