from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.batch.derivatives.members import Renditions, part_of


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_parts_have_every_segment_once_and_in_order(count, parts):
    found = [number for part in range(parts) for number in part_of(count, part, parts)]
    assert found == list(range(count))


def test_file_has_the_codec_that_was_asked_for_and_one_sound():
    assert Renditions(("720", "720-av1"), ("a",)).of_file == ("720-av1", "a")
    assert Renditions((), ("a128", "a64")).of_file == ("a128",)
