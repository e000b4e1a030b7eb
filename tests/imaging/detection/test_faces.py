"""Faces that are found, told and blurred."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import pyvips
from PIL import Image, ImageChops, ImageEnhance

from mememime_proxy.errors import MissingDetectorError
from mememime_proxy.formats.effects_plan import BlurDetections, Effects
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.geometry.boxes import Move, carried
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.detection import faces, samples
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, RenderConfig

SAMPLES = Path(__file__).parents[3] / "config" / "samples"
PORTRAIT = SAMPLES / "astronaut.jpg"
WITHOUT_PEOPLE = ("coffee.jpg", "rocket.jpg", "chelsea.webp", "dandelion.jpg")
BLUR = Effects(blur_detections=BlurDetections(12))
CONFIG = RenderConfig()


def found(image, threshold=CONFIG.detection.threshold):
    return faces.FaceDetector(threshold).find(pyvips.Image.new_from_buffer(encoded(image), ""))


def encoded(image, name="PNG", **more):
    buffer = io.BytesIO()
    image.save(buffer, name, **more)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def portrait():
    return Image.open(PORTRAIT).convert("RGB")


def pixels(data, plan):
    return pyvips.Image.new_from_buffer(bytes(Renderer(CONFIG).render(data, replace(plan, format="png")).body), "")


def test_face_is_found_where_it_is(portrait):
    (face,) = found(portrait)
    assert face.class_name == "face"
    assert face.confidence >= 0.6
    # Of 512 pixels: between the hair and the collar.
    left, top, right, bottom = (512 * edge for edge in face.box)
    assert 160 < left < 200 < 240 < right < 290
    assert 50 < top < 100 < 150 < bottom < 210


@pytest.mark.parametrize("size", [(1600, 1600), (320, 320)])
def test_size_of_the_picture_does_not_matter(portrait, size):
    (face,), (other,) = found(portrait), found(portrait.resize(size))
    assert all(abs(a - b) < 0.03 for a, b in zip(face.box, other.box, strict=True))


@pytest.mark.parametrize("name", WITHOUT_PEOPLE)
def test_nothing_is_found_where_nobody_is(name):
    assert found(Image.open(SAMPLES / name).convert("RGB")) == ()


@pytest.mark.parametrize("side", [70, 100])
def test_small_faces_are_found_dark_tilted_or_mirrored(portrait, side):
    sheet = Image.new("RGB", (640, 640), "grey")
    face = portrait.crop((140, 40, 310, 210)).resize((side, side))
    for index in range(36):
        each = face.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if index % 2 else face
        each = ImageEnhance.Brightness(each).enhance(0.5 + 0.03 * index).rotate((index % 5 - 2) * 6, fillcolor="grey")
        sheet.paste(each, (106 * (index % 6), 106 * (index // 6)))
    assert len(found(sheet)) >= 35


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P"])
def test_other_pictures_are_looked_at_as_rgb(portrait, mode):
    assert len(found(portrait.convert(mode))) == 1


@pytest.mark.parametrize("size", [(1, 1), (8, 400), (3000, 2)])
def test_picture_that_is_too_small_has_no_face(size):
    assert found(Image.new("RGB", size)) == ()


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan(width=256),
        Plan(width=200, rotate=90, flip_horizontal=True),
        Plan(crop=Crop(300, 300, Gravity(GravityType.NORTH))),
        Plan(chain=(Plan(width=300, effects=BLUR),)),
    ],
)
def test_face_is_blurred_and_nothing_else_wherever_the_geometry_takes_it(portrait, plan, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = portrait
    for step in {
        1: (), 3: (Image.Transpose.ROTATE_180,), 6: (Image.Transpose.ROTATE_90,), 7: (Image.Transpose.TRANSVERSE,),
    }[orientation]:  # fmt: skip
        stored = stored.transpose(step)
    data = encoded(stored, exif=exif)
    with_blur = replace(plan, effects=BLUR) if not plan.chain else plan
    without = replace(plan, effects=Effects(), chain=tuple(replace(each, effects=Effects()) for each in plan.chain))
    before, after = pixels(data, without), pixels(data, with_blur)
    changed = (before - after).abs().bandor() > 0
    left, top, width, height = changed.find_trim(threshold=0.5, background=[0])
    # The net knows upright faces.
    (face,) = faces.FaceDetector(0.6).find(pixels(data, replace(without, rotate=0, flip_horizontal=False)))
    (box,) = carried([face.box], Move(angle=plan.rotate, horizontal=plan.flip_horizontal))
    expected = box.pixels(before.width, before.height)
    margin = 0.2 * max(expected[2:])
    assert left <= expected[0] + 3
    assert top <= expected[1] + 3
    assert left + width >= expected[0] + expected[2] - 3
    assert top + height >= expected[1] + expected[3] - 3
    assert width <= expected[2] + 2 * margin
    assert height <= expected[3] + 2 * margin


def test_each_frame_of_an_animation_is_looked_at(portrait):
    small = portrait.resize((256, 256))
    frames = [small, small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    limits = replace(Plan().limits, max_animation_frames=5)
    plain, soft = (
        Image.open(io.BytesIO(bytes(Renderer(CONFIG).render(data, Plan(limits=limits, effects=each)).body)))
        for each in (Effects(), BLUR)
    )
    places = []
    for number in range(2):
        plain.seek(number)
        soft.seek(number)
        one, other = (image.convert("RGB").crop((0, 0, 256, 110)) for image in (plain, soft))
        changed = ImageChops.difference(one, other).getchannel("G").point(lambda value: 255 * (value > 25))
        places.append(changed.getbbox()[0])
    assert places[0] < 110 < places[1]


def test_classes_are_chosen(portrait):
    data = encoded(portrait)
    other = Plan(effects=Effects(blur_detections=BlurDetections(12, ("car",))))
    assert (pixels(data, Plan()) - pixels(data, other)).abs().max() == 0
    chosen = Plan(effects=Effects(blur_detections=BlurDetections(12, ("car", "face"))))
    assert (pixels(data, Plan()) - pixels(data, chosen)).abs().max() > 20


def test_description_tells_where_faces_are(portrait):
    (face,) = found(portrait)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(portrait.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    document = describe(data, Plan(info=InfoFields(detect_objects=True)), CONFIG)
    (told,) = document["objects"]
    assert (told["class_id"], told["class_name"]) == (0, "face")
    assert told["left"] == pytest.approx(face.box.left, abs=0.01)
    assert told["top"] == pytest.approx(face.box.top, abs=0.01)
    assert told["width"] == pytest.approx(face.box.right - face.box.left, abs=0.01)
    assert list(document).index("objects") == len(document) - 1


def test_without_a_detector_nothing_is_served(portrait, monkeypatch):
    monkeypatch.setattr(faces, "is_installed", lambda: False)
    data = encoded(portrait)
    for work in (
        lambda: Renderer(CONFIG).render(data, Plan(effects=BLUR)),
        lambda: describe(data, Plan(info=InfoFields(detect_objects=True)), CONFIG),
    ):
        with pytest.raises(MissingDetectorError):
            work()
    assert MissingDetectorError.status == 422
    assert Renderer(CONFIG).render(data, Plan()).rendered


def test_number_of_bytes_is_checked_before_the_library_reads_them(portrait, monkeypatch):
    image = pyvips.Image.new_from_buffer(encoded(portrait), "")
    monkeypatch.setattr(samples, "srgb_of", lambda image: image.colourspace("b-w"))
    with pytest.raises(ValueError, match="bytes for"):
        faces.FaceDetector(0.6).find(image)


def test_detection_costs():
    costs = []
    data = encoded(Image.new("RGB", (900, 900)))
    for effects in (Effects(), BLUR):
        Renderer(CONFIG).render(data, Plan(width=100, effects=effects), costs.append)
    assert costs[1].cpu > costs[0].cpu + 0.03
