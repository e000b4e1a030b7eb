import io

import pytest
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.pillow.plugin import decode
from mememime_proxy.imaging.gate.header import ImageHeader


def test_picture_may_not_be_larger_than_its_header():
    file = io.BytesIO()
    Image.new("RGB", (5, 4), (1, 2, 3)).save(file, "BMP")
    image = decode(BmpImageFile, file.getvalue(), ImageHeader(format="bmp", width=5, height=4))
    assert (image.width, image.height, image.getpoint(4, 3)) == (5, 4, [1, 2, 3])
    for data, width in ((file.getvalue(), 4), (file.getvalue()[:-9], 5), (b"BM", 5)):
        with pytest.raises(BrokenImageError):
            decode(BmpImageFile, data, ImageHeader(format="bmp", width=width, height=4))
