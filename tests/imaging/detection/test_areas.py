"""Crops by what is found, and frames around it: a net finds red squares as cars, blue ones as dogs."""

import io
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mememime_proxy.detection.config import ClassificationConfig, DetectionConfig
from mememime_proxy.detection.options import Classification, CropObjects, DrawDetections, ObjectOptions
from mememime_proxy.errors import MissingDetectorError
from mememime_proxy.formats.effects_plan import BlurDetections, Effects
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.detection import areas, faces, nets
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, ImageLimits, Plan, RenderConfig, ResizingType, Trim
from tests.support import nets as samples

RED, BLUE = (255, 0, 0), (0, 0, 255)
OBJECTS, SMART = Gravity(GravityType.OBJECTS), Gravity(GravityType.SMART)
FILL = Plan(resizing_type=ResizingType.FILL, width=32, height=32, gravity=OBJECTS, format="png")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    (folder / "yolox").write_bytes(samples.yolox())
    (folder / "classes").write_bytes(samples.classifier(scale=0.1))
    return folder


@pytest.fixture
def config(files):
    classes = (("car", 1.0), ("dog", 1.0))
    detection = DetectionConfig(net=str(files / "yolox"), classes=classes, confidence_threshold=0.5)
    names = ("red", "green", "blue")
    classification = ClassificationConfig(net=str(files / "classes"), classes=names, threshold=0.01)
    return RenderConfig(detection=detection, classification=classification)


def picture(*squares, size=(128, 64), side=16):
    """Grey, with squares (column, row, colour) of a grid of ``side``: the net looks at it half as large."""
    image = Image.new("RGB", size, (60, 60, 60))
    for column, row, color in squares:
        image.paste(color, (column * side, row * side, (column + 1) * side, (row + 1) * side))
    return image


def encoded(image, orientation=1, name="PNG", **more):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, name, exif=exif, **more)
    return buffer.getvalue()


def rendered(data, plan, config):
    body = bytes(Renderer(config).render(data, replace(plan, format="png")).body)
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB")).astype(int)


def place(pixels, color):
    """Left, top, right and bottom of a colour."""
    near = np.abs(pixels - color).max(axis=2) < 90
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


def test_objects_stay_in_view_by_their_classes_and_weights(config):
    data = encoded(picture((0, 1, RED), (7, 1, BLUE)))
    weights = {"car": (("car", 0.0),), "dog": (("dog", 0.0),), "heavy": (("all", 1.0), ("dog", 3.0))}
    shown = {
        name: rendered(data, replace(FILL, objects=ObjectOptions(gravity=each)), config)
        for name, each in weights.items()
    }
    assert place(shown["car"], RED) == (0, 8, 8, 16)
    assert place(shown["dog"], BLUE) == (24, 8, 32, 16)
    assert place(shown["heavy"], BLUE) == (24, 8, 32, 16)
    by_list = replace(config, detection=replace(config.detection, classes=(("car", 3.0), ("dog", 1.0))))
    assert place(rendered(data, FILL, by_list), RED) == (0, 8, 8, 16)


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize(
    ("gravity", "expected"),
    [
        (Gravity(), (8, 8, 24, 24)),
        (Gravity(GravityType.NORTH_WEST, 4, 2), (4, 2, 20, 18)),
        (Gravity(GravityType.FOCUS_POINT, 0.75, 0.5), (16, 8, 32, 24)),
    ],
)
@pytest.mark.parametrize(("rotate", "flip"), [(0, False), (90, True)])
def test_objects_lie_where_the_position_says_however_a_picture_is_stored(
    config, orientation, gravity, expected, rotate, flip
):
    upright = picture((3, 3, RED), size=(128, 128))
    undo = {1: (), 3: ("ROTATE_180",), 6: ("ROTATE_90",), 7: ("TRANSVERSE",)}[orientation]
    stored = upright
    for step in undo:
        stored = stored.transpose(Image.Transpose[step])
    plan = Plan(crop=Crop(32, 32, OBJECTS), objects_position=gravity, rotate=rotate, flip_horizontal=flip)
    assert place(rendered(encoded(stored, orientation), plan, config), RED) == pytest.approx(expected, abs=1)


def test_position_in_pixels_is_of_the_original_also_where_that_is_loaded_smaller(config):
    data = encoded(picture((6, 6, RED), size=(512, 512), side=64), name="JPEG", quality=95)
    top = Gravity(GravityType.NORTH_WEST, 16, 32)
    for width in (128, 32):
        plan = Plan(crop=Crop(128, 128, OBJECTS), objects_position=top, width=width)
        left, above, *_ = place(rendered(data, plan, config), RED)
        assert (left, above) == pytest.approx((16 * width / 128, 32 * width / 128), abs=2)


def test_without_objects_a_crop_is_smart_or_in_the_middle(config):
    data = encoded(picture((0, 1, RED), (5, 2, (0, 200, 0))))
    other = replace(FILL, objects=ObjectOptions(gravity=(("unknown", 0.0),)))
    smart = rendered(data, replace(FILL, gravity=SMART), config)
    assert (rendered(data, other, config) == smart).all()
    centre = replace(config, detection=replace(config.detection, fallback_to_smart_crop=False))
    middle = rendered(data, replace(FILL, gravity=Gravity()), config)
    assert (smart != middle).any()
    assert (rendered(data, other, centre) == middle).all()


def test_smart_crop_shows_faces_where_the_operator_wants_that(config):
    data = encoded(picture((0, 1, RED), (7, 1, BLUE)))
    detection = replace(config.detection, smart_crop_faces=True, classes=(("car", 1.0), ("face", 1.0)))
    plan = replace(FILL, gravity=SMART)
    assert place(rendered(data, plan, replace(config, detection=detection)), BLUE) == (24, 8, 32, 16)
    nobody = encoded(picture((0, 1, RED)))
    with_faces = rendered(nobody, plan, replace(config, detection=detection))
    assert (with_faces == rendered(nobody, plan, config)).all()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("plan", "size", "expected"),
    [
        (Plan(objects=ObjectOptions(crop=CropObjects(2))), (32, 32), (8, 8, 24, 24)),
        (Plan(rotate=90, objects=ObjectOptions(crop=CropObjects(2))), (32, 32), (8, 8, 24, 24)),
        (Plan(width=16, objects=ObjectOptions(crop=CropObjects(2, ("car",)))), (16, 16), (4, 4, 12, 12)),
        (replace(FILL, width=40, height=20, objects=ObjectOptions(crop=CropObjects(2))), (40, 20), (15, 5, 25, 15)),
        (Plan(crop=Crop(9, 9), objects=ObjectOptions(crop=CropObjects(2, ("dog",)))), (128, 64), (32, 16, 48, 32)),
    ],
)
def test_crop_is_around_the_objects(config, orientation, plan, size, expected):
    stored = picture((2, 1, RED))
    stored = stored.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else stored
    pixels = rendered(encoded(stored, orientation), plan, config)
    assert pixels.shape[1::-1] == size
    assert place(pixels, RED) == pytest.approx(expected, abs=1)


def test_crop_follows_a_trim_and_the_pipelines_of_a_chain(config):
    bordered = Image.new("RGB", (256, 128))
    bordered.paste(picture((1, 1, RED), side=32), (64, 32))
    crop = ObjectOptions(crop=CropObjects(1))
    trimmed = rendered(encoded(bordered), Plan(trim=Trim(10), objects=crop), config)
    assert trimmed.shape[:2] == (32, 32)
    assert place(trimmed, RED) == (0, 0, 32, 32)
    chained = Plan(crop=Crop(128, 64), chain=(Plan(objects=crop),))
    pixels = rendered(encoded(picture((2, 1, RED))), chained, config)
    assert pixels.shape[:2] == (16, 16)


def test_frames_of_an_animation_are_cropped_as_the_first_one(config):
    frames = [picture((2, 1, RED)), picture((6, 2, RED))]
    data = encoded(frames[0], name="WEBP", save_all=True, append_images=frames[1:], lossless=True)
    plan = Plan(limits=ImageLimits(max_animation_frames=2), objects=ObjectOptions(crop=CropObjects(1)))
    image = Image.open(io.BytesIO(bytes(Renderer(config).render(data, plan).body)))
    assert (image.n_frames, image.size) == (2, (16, 16))
    image.seek(1)
    assert place(np.asarray(image.convert("RGB")).astype(int), RED) is None


def test_frames_are_drawn_around_objects_with_their_labels(config):
    data = encoded(picture((2, 2, RED), (6, 1, BLUE)))
    plain = rendered(data, Plan(), config)
    drawn = rendered(data, Plan(objects=ObjectOptions(draw=DrawDetections(True, ("car",)))), config)
    changed = (plain != drawn).any(axis=2)
    assert changed[32, 32:48].all()
    assert not changed[36:44, 36:44].any()
    assert changed[:30, 30:].any()  # the label
    assert not changed[16:32, 97:112].any()  # the dog
    assert (rendered(data, Plan(objects=ObjectOptions(draw=DrawDetections(True, ("x",)))), config) == plain).all()


def test_description_tells_objects_and_classes_and_the_area_of_a_crop(config):
    data = encoded(picture((2, 1, RED), (6, 1, BLUE)))
    options = ObjectOptions(classify=Classification(2), crop_gravity=(("dog", 0.0),))
    info = InfoFields(detect_objects=True, crop=True)
    document = describe(data, Plan(info=info, objects=options, crop=Crop(16, 16, OBJECTS)), config)
    assert [each["class_name"] for each in document["objects"]] == ["car", "dog"]
    assert len(document["classes"]) == 2
    assert document["classes"][0].keys() == {"class_id", "name", "confidence"}
    assert document["crop"] == {"left": 0.75, "top": 0.25, "width": 0.125, "height": 0.25}


def test_original_is_searched_once(config, monkeypatch):
    data = encoded(picture((2, 1, RED), (1, 2, BLUE)))
    rendered(data, FILL, config)
    monkeypatch.setattr(areas, "detector_of", lambda *_: None)
    assert place(rendered(data, replace(FILL, width=20), config), RED) is not None
    monkeypatch.undo()
    monkeypatch.setattr(areas, "_results", OrderedDict())
    monkeypatch.setattr(areas, "_MOST_RESULTS", 2)
    for column in range(4):
        rendered(encoded(picture((column, 0, RED))), FILL, config)
    assert len(areas._results) == 2


@pytest.mark.parametrize(
    ("plan", "option"),
    [
        (Plan(effects=Effects(blur_detections=BlurDetections(5))), "blur_detections"),
        (Plan(objects=ObjectOptions(draw=DrawDetections(True))), "draw_detections"),
        (Plan(objects=ObjectOptions(crop=CropObjects(1))), "crop_objects"),
        (Plan(info=InfoFields(detect_objects=True)), "detect_objects"),
        (Plan(info=InfoFields(), objects=ObjectOptions(classify=Classification(1))), "classify"),
    ],
)
@pytest.mark.parametrize("extra", ["faces", "objects"])
def test_what_needs_a_detector_is_an_error_without_it(config, monkeypatch, plan, option, extra):
    config = config if extra == "objects" else RenderConfig()
    monkeypatch.setattr(nets, "is_installed", lambda: False)
    monkeypatch.setattr(faces, "is_installed", lambda: False)
    data = encoded(picture((2, 1, RED)))
    reason = extra if option != "classify" or extra == "objects" else "MEMEMIME_CLASSIFICATION_NET"
    with pytest.raises(MissingDetectorError, match=f"{option}: .* {reason}"):
        describe(data, plan, config) if plan.info else Renderer(config).render(data, plan)
    # A crop that prefers objects does without.
    smart = rendered(data, replace(FILL, gravity=SMART), config)
    assert (rendered(data, FILL, config) == smart).all()
