"""Placeholders of the pages, from hashes that the service makes."""

from __future__ import annotations

import base64
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from mememime_proxy.imaging.analysis.placeholders import Pixels, thumbhash
from tests.console.test_static_files import SOURCES
from tests.support.node_packages import node

SCRIPT = """
import { thumbHashPixels } from %s;
const { width, height, rgba } = thumbHashPixels(process.argv[1]);
console.log(JSON.stringify([width, height, Buffer.from(rgba).toString("base64")]));
"""


def gradient(width, height, alpha):
    """Red from left to right, blue from top to bottom; with ``alpha`` the left is transparent."""
    y, x = np.mgrid[0:height, 0:width]
    red, blue = 255 * x / width, 255 * y / height
    cover = 255 * np.minimum(1, 2 * x / width) if alpha else np.full((height, width), 255)
    return Image.fromarray(np.stack([red, np.full((height, width), 60), blue, cover], -1).astype(np.uint8), "RGBA")


@pytest.mark.parametrize(("width", "height"), [(32, 32), (32, 18), (14, 32), (100, 60)])
@pytest.mark.parametrize("alpha", [False, True])
def test_pixels_are_near_those_of_the_picture(width, height, alpha):
    picture = gradient(width, height, alpha)
    hashed = thumbhash(Pixels(width, height, picture.tobytes()))
    script = SCRIPT % json.dumps((SOURCES / "thumb_hash.js").as_uri())
    command = [node(), "--input-type=module", "--eval", script, hashed]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    size, rgba = (found[0], found[1]), base64.b64decode(found[2])
    assert max(size) == 32
    assert size[0] / size[1] == pytest.approx(width / height, rel=0.25)
    shown = np.frombuffer(rgba, np.uint8).reshape(size[1], size[0], 4).astype(int)
    wanted = np.asarray(picture.resize(size, Image.Resampling.BOX)).astype(int)
    visible = wanted[..., 3] > 128
    assert np.abs(shown[..., 3] - wanted[..., 3]).mean() < 20
    assert np.abs(shown[visible][:, :3] - wanted[visible][:, :3]).mean() < 20
