import pyvips

from benchmarks.load import originals


def test_originals_are_distinct_photographs_of_the_size(tmp_path):
    names = originals.write(tmp_path, 6, 320)
    bodies = [(tmp_path / name).read_bytes() for name in names]
    assert len(set(bodies)) == 6
    for body in bodies:
        image = pyvips.Image.new_from_buffer(body, "")
        assert (image.width, abs(image.height - 213) <= 1) == (320, True)
