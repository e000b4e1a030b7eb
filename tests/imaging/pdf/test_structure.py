import pytest

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.pdf.structure import MAX_OBJECTS, largest_picture
from tests.support.pdf_writer import pdf, stream

PAGE = (72, 72, (1, 0, 0))
PICTURE = stream(b"/Subtype /Image /Height 300 /DecodeParms << /Columns 5 >> /Width  200", b"")


def test_largest_picture_of_all_streams():
    assert largest_picture(pdf([PAGE]), 0) == 0
    assert largest_picture(pdf([PAGE], objects=[PICTURE, stream(b"/Width 7 /Height 8", b"")]), 60_000) == 60_000


@pytest.mark.parametrize(("objects", "limit"), [([b"null"] * MAX_OBJECTS, 0), ([PICTURE], 59_999)])
def test_refused_beyond_the_limits(objects, limit):
    with pytest.raises(LimitError):
        largest_picture(pdf([PAGE], objects=objects), limit)
