"""Nets in confined workers."""

import io
import json

import pytest
from PIL import Image

from tests.support import nets
from tests.support.proxy_process import ProxyProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder, files = tmp_path_factory.mktemp("originals"), tmp_path_factory.mktemp("nets")
    image = Image.new("RGB", (128, 64), (20, 20, 20))
    image.paste((255, 0, 0), (16, 16, 32, 32))
    image.paste((0, 0, 255), (96, 32, 112, 48))
    image.save(folder / "squares.png")
    (files / "net").write_bytes(nets.yolox())
    (files / "classes").write_text("car\ndog=2\n")
    (files / "colors").write_bytes(nets.classifier())
    (files / "names").write_text("red\ngreen\nblue\n")
    with ProxyProcess(
        tmp_path_factory.mktemp("service"),
        allow_unsigned="1",
        local_filesystem_root=str(folder),
        object_detection_net=str(files / "net"),
        object_detection_classes=str(files / "classes"),
        classification_net=str(files / "colors"),
        classification_classes=str(files / "names"),
        classification_threshold="0",
    ) as proxy:
        yield proxy


async def test_objects_are_found_by_a_confined_worker(service, client):
    async with client.get(f"{service.base}/info/unsafe/do:1/cl:1/plain/local:///squares.png") as answer:
        document = json.loads(await answer.read())
    assert [(each["class_id"], each["class_name"]) for each in document["objects"]] == [(0, "car"), (1, "dog")]
    assert [document["objects"][0][side] for side in ("left", "top", "width", "height")] == [0.125, 0.25, 0.125, 0.25]
    assert [each["name"] for each in document["classes"]] == ["red"]


@pytest.mark.parametrize(
    ("options", "size", "middle"),
    [
        ("rs:fill:16:16/g:obj", (16, 16), None),
        ("c:16:16:obj:car", (16, 16), (255, 0, 0)),
        ("c:16:16:objw:car:9:all:1", (16, 16), (255, 0, 0)),
        ("c:16:16:obj", (16, 16), (0, 0, 255)),
        ("co:1:dog", (16, 16), (0, 0, 255)),
        ("co:1", (128, 64), None),
    ],
)
async def test_pictures_are_cropped_by_objects(service, client, options, size, middle):
    async with client.get(f"{service.base}/unsafe/{options}/plain/local:///squares.png@png") as answer:
        assert answer.status == 200
        image = Image.open(io.BytesIO(await answer.read())).convert("RGB")
    assert image.size == size
    assert middle in (None, image.getpixel((8, 8)))
