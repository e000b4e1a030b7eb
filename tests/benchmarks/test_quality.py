import io

import pytest
import pyvips
from PIL import Image

from benchmarks.quality import of_answer


@pytest.fixture
def original(tmp_path):
    noise = pyvips.Image.perlin(800, 600, cell_size=64, seed=1, uchar=True)
    path = tmp_path / "original.png"
    noise.bandjoin([noise.flip("horizontal"), noise.flip("vertical")]).copy(interpretation="srgb").pngsave(str(path))
    return path


def answer(path, quality):
    image = pyvips.Image.new_from_file(str(path)).resize(0.5)
    return image.jpegsave_buffer(Q=quality)


def test_worse_answers_score_less(original):
    good, size = of_answer(answer(original, 95), str(original))
    bad, _ = of_answer(answer(original, 5), str(original))
    assert size == (400, 300)
    assert bad < good <= 1


def test_the_ideal_answer_scores_one(original):
    ideal = io.BytesIO()
    pixels = pyvips.Image.new_from_file(str(original)).resize(0.5).pngsave_buffer()
    Image.open(io.BytesIO(pixels)).save(ideal, "png")
    assert of_answer(ideal.getvalue(), str(original))[0] == pytest.approx(1, abs=1e-6)
