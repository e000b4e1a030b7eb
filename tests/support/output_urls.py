"""Shared by the URL tests: for options of pages, kernels and saving: cases, what they refuse, arguments of methods."""

from hypothesis import strategies as st

from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.plan import CropAspectRatio, ResizingAlgorithm

CASES = {
    "resizing_algorithm": {
        "nearest": {"resizing_algorithm": ResizingAlgorithm.NEAREST},
        "cubic|~:": {"resizing_algorithm": ResizingAlgorithm.CUBIC},
        "lanczos3": {},
    },
    "crop_aspect_ratio": {
        "1.5": {"crop_aspect_ratio": CropAspectRatio(1.5)},
        "1.5:1": {"crop_aspect_ratio": CropAspectRatio(1.5, True)},
        "1.5:1|~:2": {"crop_aspect_ratio": CropAspectRatio(2, True)},
        "0": {},
    },
    "page": {"3": {"pages": PageRange(3)}, "3|~:": {"pages": PageRange(3)}, "0": {}},
    "pages": {"3": {"pages": PageRange(count=3)}, "1": {}},
    "disable_animation": {"1": {"disable_animation": True}, "0": {}},
}

REFUSED = {
    "resizing_algorithm": ["NEAREST", "mitchell", "cubic:1"],
    "crop_aspect_ratio": ["-1", "x", "1:1:1", "nan"],
    "page": ["-1", "x", "1:1", "1.5"],
    "pages": ["0", "-1", "x", "1:1"],
    "disable_animation": ["1:1"],
}

METHODS = {
    "resizing_algorithm": st.tuples(st.sampled_from([kind.value for kind in ResizingAlgorithm])),
    "crop_aspect_ratio": st.tuples(st.floats(0, 100), st.none() | st.booleans()),
    "page": st.tuples(st.integers(0, 2**31 - 1)),
    "pages": st.tuples(st.integers(1, 2**31 - 1)),
    "disable_animation": st.tuples(st.booleans()),
}
