"""Shared by the URL tests: for each option of effects, its cases, what it refuses, arguments for its method."""

from base64 import urlsafe_b64encode

from hypothesis import strategies as st

from mememime_proxy.detection.options import DrawDetections, ObjectOptions
from mememime_proxy.formats.effects_plan import (
    BlurAreas,
    BlurDetections,
    Colorize,
    Duotone,
    Effects,
    Gradient,
    Mark,
    Monochrome,
    ProgressiveBlur,
    Shape,
)


def effects(**fields):
    return {"effects": Effects(**fields)}


CASES = {
    "normalize": {
        "1:99": effects(normalize=(1, 99)),
        "": effects(normalize=(1, 99)),
        "2.5": effects(normalize=(2.5, 97.5)),
        ":90": effects(normalize=(1, 90)),
        "0:100": effects(normalize=(0, 100)),
        "1:90|~:5:": effects(normalize=(5, 95)),
        "1|~:0": {},
    },
    "brightness": {"-255": effects(brightness=-255), "20": effects(brightness=20), "20|~:": effects(brightness=20)},
    "contrast": {"1.5": effects(contrast=1.5), "0": effects(contrast=0), "1": {}, "": {}},
    "saturation": {"0": effects(saturation=0), "1.3": effects(saturation=1.3)},
    "adjust": {
        "10:1.1:0": effects(brightness=10, contrast=1.1, saturation=0),
        "10|~:::2": effects(brightness=10, saturation=2),
    },
    "hue": {"90": effects(hue=90), "-90": effects(hue=270), "720": {}, "-1e-30": {}},
    "gamma": {"2.2": effects(gamma=2.2), "1": {}},
    "sepia": {"0.8": effects(sepia=0.8)},
    "monochrome": {
        "1": effects(monochrome=Monochrome(1)),
        "0.5:f00": effects(monochrome=Monochrome(0.5, (255, 0, 0))),
        "0.5:f00|~:1": effects(monochrome=Monochrome(1, (255, 0, 0))),
        "0:f00": {},
    },
    "duotone": {
        "1": effects(duotone=Duotone(1)),
        "0.5:112233:fff000": effects(duotone=Duotone(0.5, (17, 34, 51), (255, 240, 0))),
        "1::f00": effects(duotone=Duotone(1, light=(255, 0, 0))),
    },
    "negate": {"1": effects(negate=True), "1|~:": effects(negate=True), "1|~:0": {}},
    "draw_detections": {
        "1": {"objects": ObjectOptions(draw=DrawDetections(True))},
        "1:car:face": {"objects": ObjectOptions(draw=DrawDetections(True, ("car", "face")))},
        "1:car|~:0:face": {},
    },
    "blur_detections": {
        "20": effects(blur_detections=BlurDetections(20)),
        "20:face:car": effects(blur_detections=BlurDetections(20, ("car", "face"))),
        "20:face:all": effects(blur_detections=BlurDetections(20)),
        "20:face|~::car": effects(blur_detections=BlurDetections(20, ("car",))),
        "20|~:0": {},
    },
    "blur_areas": {
        "12:0.1:0.2:0.3:0.4": effects(blur_areas=BlurAreas(12, ((0.1, 0.2, 0.3, 0.4),))),
        "5:0:0:1:1:0.5:0.5:0.5:0.5": effects(blur_areas=BlurAreas(5, ((0, 0, 1, 1), (0.5, 0.5, 0.5, 0.5)))),
        "5:0:0:1:1|~:9": effects(blur_areas=BlurAreas(9, ((0, 0, 1, 1),))),
        "5:0:0:1:1|~::0:0:0.5:1": effects(blur_areas=BlurAreas(5, ((0, 0, 0.5, 1),))),
        "5:0:0:1:1|~:0": {},
        "5": {},
        "5:0.5:0.5:0:1": {},
    },
    "progressive_blur": {
        "12": effects(progressive_blur=ProgressiveBlur(12)),
        "12:left:0.2:0.7": effects(progressive_blur=ProgressiveBlur(12, 90, 0.2, 0.7)),
        "12:up|~::-45": effects(progressive_blur=ProgressiveBlur(12, 315)),
    },
    "colorize": {
        "0.4": effects(colorize=Colorize(0.4)),
        "0.4:f00:1": effects(colorize=Colorize(0.4, (255, 0, 0), True)),
        "0:f00:1": {},
    },
    "gradient": {
        "0.7": effects(gradient=Gradient(0.7)),
        "0.7:fff:right:0.9:0.1": effects(gradient=Gradient(0.7, (255, 255, 255), 270, 0.9, 0.1)),
        "0.7:fff:30|~:1": effects(gradient=Gradient(1, (255, 255, 255), 30)),
    },
    "background_alpha": {"0.5": effects(background_alpha=0.5), "1": {}},
}


def encoded(text):
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def shape(**fields):
    return {"shape": Shape(**fields)}


def mark(**fields):
    return {"mark": Mark(**fields)}


CASES |= {
    "corners": {
        "20": shape(corners=(20,)),
        "max": shape(corners=(0.5,)),
        "0:10:0.2:max": shape(corners=(0, 10, 0.2, 0.5)),
        "20|~:": shape(corners=(20,)),
        "20|~:0": {},
    },
    "mask": {encoded("local:///m.png"): shape(mask="local:///m.png"), encoded("local:///m.png") + "|~:-": {}},
    "rotate_free": {"-12.5": shape(angle=347.5), "0": {}},
    "background_blur": {
        "40": shape(background_blur=40),
        "40:1.5": shape(background_blur=40, background_brightness=1.5),
        "40|~:0": {},
    },
    "watermark_url": {
        encoded("https://example.com/ä.png"): mark(url="https://example.com/ä.png"),
        encoded("local:///a.png") + "|~:": mark(url="local:///a.png"),
        encoded("local:///a.png") + "|~:-": {},
    },
    "watermark_text": {
        encoded("Hello <b>World</b> ä & more"): mark(text="Hello <b>World</b> ä & more"),
        encoded("<span size='400pt'>x</span>"): mark(text="<span size='400pt'>x</span>"),
        encoded("a") + "|~:": mark(text="a"),
        encoded("a") + "|~:-": {},
    },
    "watermark_text_box": {
        "300:centre:4": mark(text_width=300, text_align="centre", text_spacing=4),
        ":center": mark(text_align="centre"),
        "300:right|~::justify": mark(text_width=300, text_align="justify"),
    },
    "watermark_size": {"120:0": mark(width=120), "120:60": mark(width=120, height=60), ":60": mark(height=60)},
    "watermark_rotate": {"-30": mark(angle=330), "450.5": mark(angle=90.5), "360": {}},
    "watermark_shadow": {"4": mark(shadow=4), "4|~:0": {}},
    "watermark_blend": {"multiply": mark(blend="multiply"), "hard-light": mark(blend="hard-light"), "over": {}},
}

REFUSED = {
    "normalize": ["x", "51", "1:49", "50:50", "1:2:3", "-1"],
    "brightness": ["256", "-256", "1.5", "1:1"],
    "contrast": ["-0.1", "nan", "1:1"],
    "saturation": ["-0.1", "x"],
    "adjust": ["300", "0:-1", "0:1:x", "0:1:1:1"],
    "hue": ["x", "nan", "1:1", "1e300"],
    "gamma": ["0", "0.05", "11"],
    "sepia": ["1.1", "-0.1"],
    "monochrome": ["1.1", "1:red", "1:fff:fff"],
    "duotone": ["2", "1:ffff", "1:fff:#00"],
    "negate": ["1:1"],
    "blur_areas": ["-1", "1:0:0:1", "1:0:0:1:1.1", "1:0:0:1:x", "1:0:0:1:1:0", "1" + ":0:0:1:1" * 65],
    "blur_detections": ["-1", "x"],
    "draw_detections": ["1:" + ":".join(f"c{i}" for i in range(65))],
    "progressive_blur": ["-1", "1:north", "1:down:2", "1:down:0:-1", "1:down:0:1:1"],
    "colorize": ["1.1", "1:x", "1:fff:1:1"],
    "gradient": ["1.1", "1:x", "1:fff:diagonal", "1:fff:down:-1", "1:fff:down:0:2"],
    "background_alpha": ["1.1", "-1", "0.5:1"],
}

REFUSED |= {
    "corners": ["-1", "x", "1:2", "1:2:3", "1:2:3:4:5", "1:::2", "70000"],
    "mask": ["a", "_w", encoded(" "), "YQ:1"],
    "rotate_free": ["x", "1:1", "nan"],
    "background_blur": ["-1", "1001", "1:3", "1:-1", "1:1:1"],
    "watermark_url": ["a", "a!b", "_w", encoded(" "), encoded("http://h/\n"), "YQ:1"],
    "watermark_text": [
        "a",
        "a!b",
        "_w",
        encoded(" "),
        encoded("x" * 1025),
        encoded("<span size='401pt'>x</span>"),
        encoded("<span rise='1'>x</span>"),
        "YQ:1",
    ],
    "watermark_text_box": ["-1", "65536", "1:middle", "1:left:-1", "1:left:1:1"],
    "watermark_size": ["-1", "1:x", "1:1:1"],
    "watermark_rotate": ["x", "1:1"],
    "watermark_shadow": ["-1", "1:1"],
    "watermark_blend": ["normal", "over:1"],
}

_shares = st.floats(0, 1)
_factors = st.floats(0, 100)
_colors = st.text("0123456789abcdefABCDEF", min_size=6, max_size=6)
_directions = st.sampled_from(["down", "left", "up", "right"]) | st.floats(-1000, 1000, allow_nan=False)


def _arguments(*parts):
    return st.tuples(*parts)


def _maybe(strategy):
    return st.none() | strategy


METHODS = {
    "normalize": _arguments(_maybe(st.floats(0, 49)), _maybe(st.floats(51, 100))),
    "brightness": _arguments(st.integers(-255, 255)),
    "contrast": _arguments(_factors),
    "saturation": _arguments(_factors),
    "adjust": _arguments(_maybe(st.integers(-255, 255)), _maybe(_factors), _maybe(_factors)),
    "hue": _arguments(st.floats(-1000, 1000, allow_nan=False)),
    "gamma": _arguments(st.floats(0.1, 10)),
    "sepia": _arguments(_shares),
    "monochrome": _arguments(_shares, _maybe(_colors)),
    "duotone": _arguments(_shares, _maybe(_colors), _maybe(_colors)),
    "negate": _arguments(st.booleans()),
    "draw_detections": st.tuples(st.booleans(), st.lists(st.sampled_from(["face", "car"]), max_size=3)).map(
        lambda values: (values[0], *values[1])
    ),
    "blur_detections": st.tuples(_factors, st.lists(st.sampled_from(["face", "car"]), max_size=3)).map(
        lambda a: (a[0], *a[1])
    ),
    "blur_areas": st.tuples(_factors, st.lists(st.tuples(*[_shares] * 4), max_size=64)).map(lambda a: (a[0], *a[1])),
    "progressive_blur": _arguments(_factors, _maybe(_directions), _maybe(_shares), _maybe(_shares)),
    "colorize": _arguments(_shares, _maybe(_colors), _maybe(st.booleans())),
    "gradient": _arguments(_shares, _maybe(_colors), _maybe(_directions), _maybe(_shares), _maybe(_shares)),
    "background_alpha": _arguments(_shares),
    "corners": _arguments(_factors) | _arguments(*[_factors | st.just("max")] * 4),
    "mask": _arguments(st.none() | st.text("ab:/ä?", min_size=1, max_size=40)),
    "rotate_free": _arguments(st.floats(-1000, 1000, allow_nan=False)),
    "background_blur": _arguments(st.floats(0, 1000), _maybe(st.floats(0, 2))),
    "watermark_url": _arguments(st.none() | st.text("ab:/ä?", min_size=1, max_size=40)),
    "watermark_text": _arguments(st.none() | st.text("ab <&>ä", min_size=1, max_size=40).filter(str.strip)),
    "watermark_text_box": _arguments(
        _maybe(st.integers(0, 65_535)),
        _maybe(st.sampled_from(["left", "centre", "right", "justify"])),
        _maybe(st.integers(0, 1000)),
    ),
    "watermark_size": _arguments(_maybe(st.integers(0, 65_535)), _maybe(st.integers(0, 65_535))),
    "watermark_rotate": _arguments(st.floats(-1000, 1000, allow_nan=False)),
    "watermark_shadow": _arguments(_factors),
    "watermark_blend": _arguments(st.sampled_from(["over", "multiply", "soft-light", "add"])),
}
