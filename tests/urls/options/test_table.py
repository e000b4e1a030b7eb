"""The plan of each option of the table."""

from __future__ import annotations

from operator import attrgetter

import pytest

from mememime_proxy.detection.options import CropObjects, ObjectOptions
from mememime_proxy.errors import ExpiredError, OptionError, SecurityOptionError, UrlError
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.formats.film_still import MomentKind, VideoMoment, VideoTile
from mememime_proxy.formats.media_plan import MediaPlan, Storyboard, VideoAnimation, Waveform
from mememime_proxy.plan import (
    Crop,
    Extend,
    Gravity,
    GravityType,
    ImageLimits,
    Padding,
    Plan,
    ResizingType,
    Trim,
)
from mememime_proxy.urls import grammar
from mememime_proxy.urls.options.arguments import Argument
from mememime_proxy.urls.options.interpreter import build_plan
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME, OPTIONS
from tests.support import effect_urls, output_urls
from tests.support.url_strategies import NOW, unsigned

PARSER = unsigned(
    allow_security_options=True, permissions=frozenset({"ALLOW_BYPASS_CACHE"}), presets=("small=w:10", "other=h:20")
)
SOURCE = "local:///x"
G = GravityType


def gravity(kind, x=0.0, y=0.0):
    return Gravity(G(kind), x, y)


def objects(kind, **classes):
    return {"gravity": gravity(kind), "objects": ObjectOptions(**classes)}


def extend(kind, x=0.0, y=0.0):
    return {"extend": Extend(True, gravity(kind, x, y))}


def media(**fields):
    return {"media": MediaPlan(**fields)}


# For each option: what is written behind its name, and the fields of the plan that differ from a plain one.
# `|` separates options that are written one after the other, `~` stands for the option's name.
CASES = {
    **effect_urls.CASES,
    **output_urls.CASES,
    "resize": {
        "fill:300:200:1:1:no:1:2": {
            "resizing_type": ResizingType.FILL,
            "width": 300,
            "height": 200,
            "enlarge": True,
            **extend("no", 1, 2),
        },
        "force": {"resizing_type": ResizingType.FORCE},
        "": {},
        ":5": {"width": 5},
        "::5": {"height": 5},
        ":::1": {"enlarge": True},
        "::::1:so": extend("so"),
        "fit:5:6:1|~::::7": {"width": 5, "height": 6},  # 7 is no word for true
        "fit:5:6:1|~:fill::7": {"resizing_type": ResizingType.FILL, "width": 5, "height": 7, "enlarge": True},
        ":1:2:::re:x:y": {"width": 1, "height": 2},  # without extend nobody looks at its gravity
        "::::1:fp:0.1:0.2": extend("fp", 0.1, 0.2),
    },
    "size": {
        "300:200:1:1:fp:0.5:1": {"width": 300, "height": 200, "enlarge": True, **extend("fp", 0.5, 1)},
        "": {},
        ":5": {"height": 5},
        "5|~::6": {"width": 5, "height": 6},
        "5:6:1|~:::0": {"width": 5, "height": 6},
        "0:0:0:0:ea": {"extend": Extend(False, gravity("ea"))},
    },
    "resizing_type": {kind.value: {"resizing_type": kind} for kind in ResizingType if kind is not ResizingType.FIT}
    | {"fill|~:fit": {}},
    "width": {"300": {"width": 300}, "+3": {"width": 3}, "2147483647": {"width": 2147483647}, "0": {}, "5|~:0": {}},
    "height": {"300": {"height": 300}, "-0": {}},
    "min-width": {"7": {"min_width": 7}},
    "min-height": {"7": {"min_height": 7}},
    "zoom": {
        "2": {"zoom_x": 2.0, "zoom_y": 2.0},
        "2:0.5": {"zoom_x": 2.0, "zoom_y": 0.5},
        "2:3|~:4": {"zoom_x": 4.0, "zoom_y": 4.0},
    },
    "dpr": {"2": {"dpr": 2.0}, ".5": {"dpr": 0.5}, "0x1p-2": {"dpr": 0.25}},
    "enlarge": {"1": {"enlarge": True}, "t": {"enlarge": True}, "yes": {}, "": {}, "1|~:maybe": {}},
    "extend": {
        "1": {"extend": Extend(True)},
        "1:so:10:20": extend("so", 10, 20),
        "1:fp:0:1": extend("fp", 0, 1),
        "1:so:10:20|~:1:no": extend("no", 10, 20),
        "1:so:10:20|~:0": {"extend": Extend(False, gravity("so", 10, 20))},
        "maybe:we::5": {"extend": Extend(False, gravity("we", 0, 5))},
    },
    "extend_aspect_ratio": {
        "1": {"extend_aspect_ratio": Extend(True)},
        "1:nowe:-3:0.5": {"extend_aspect_ratio": Extend(True, gravity("nowe", -3, 0.5))},
    },
    "gravity": {
        kind: {"gravity": gravity(kind)} for kind in ("no", "so", "ea", "we", "noea", "nowe", "soea", "sowe", "sm")
    }
    | {
        "so:10:20": {"gravity": gravity("so", 10, 20)},
        "so:10:20|~:no": {"gravity": gravity("no", 10, 20)},  # offsets outlive the type
        "so:10:20|~:no::5": {"gravity": gravity("no", 10, 5)},
        "so:10:20|~:no:": {"gravity": gravity("no", 10, 20)},
        "so:10:20|~:sm": {"gravity": gravity("sm")},
        "so:10:20|~:sm|~:so": {"gravity": gravity("so")},
        "fp:0.25:1": {"gravity": gravity("fp", 0.25, 1)},
        "fp::": {"gravity": gravity("fp")},
        "fp:0.1:0.2|~:fp::0.3": {"gravity": gravity("fp", 0.1, 0.3)},
        "ce:-0.1:-7": {"gravity": gravity("ce", -0.1, -7)},
        "so:10:20|~:obj": {"gravity": gravity("obj")},
        "obj:face:car:": objects("obj", gravity=(("car", 0), ("face", 0))),
        "obj:all:face": {"gravity": gravity("obj")},
        "objw:face:2.5:all:1": objects("obj", gravity=(("all", 1), ("face", 2.5))),
        "obj:face|~:no": {"gravity": gravity("no")},
    },
    "objects_position": {
        "no:1:20": {"objects_position": gravity("no", 1, 20)},
        "fp:0.2:1": {"objects_position": gravity("fp", 0.2, 1)},
        "no:1:20|~:prop": {"objects_position": gravity("prop")},
    },
    "crop_objects": {
        "1.5": {"objects": ObjectOptions(crop=CropObjects(1.5))},
        "1.5:face:car": {"objects": ObjectOptions(crop=CropObjects(1.5, ("car", "face")))},
        "1.5:face|~:2:all": {"objects": ObjectOptions(crop=CropObjects(2))},
        "2:face|~:0": {},
    },
    "crop": {
        "100:0.5": {"crop": Crop(100, 0.5)},
        "100": {"crop": Crop(100, 0)},
        "100:50:nowe:10:20": {"crop": Crop(100, 50, gravity("nowe", 10, 20))},
        "100:50:sm": {"crop": Crop(100, 50, gravity("sm"))},
        "100:50:obj:face": {
            "crop": Crop(100, 50, gravity("obj")),
            "objects": ObjectOptions(crop_gravity=(("face", 0),)),
        },
        "1:2:no:3:4|~:5": {"crop": Crop(5, 2, gravity("no", 3, 4))},
        "1:2:no:3:4|~:5:6:so": {"crop": Crop(5, 6, gravity("so", 3, 4))},
    },
    "trim": {
        "10": {"trim": Trim(10)},
        "-1.5:fff:1:t": {"trim": Trim(-1.5, (255, 255, 255), True, True)},
        "10::1:0": {"trim": Trim(10, None, True)},
        "10:ff00ff|~:5": {"trim": Trim(5)},  # the colour is not kept
        "10:ff0:1|~:5": {"trim": Trim(5, None, True)},  # equal sides are
        "10|~:": {},
        ":ff0:1:1": {},
        "10::1:1|~:|~:3": {"trim": Trim(3, None, True, True)},
    },
    "padding": {
        "1": {"padding": Padding(1, 1, 1, 1)},
        "1:2": {"padding": Padding(1, 2, 1, 2)},
        "1:2:3": {"padding": Padding(1, 2, 3, 2)},
        "1:2:3:4": {"padding": Padding(1, 2, 3, 4)},
        "1::3": {"padding": Padding(1, 1, 3, 1)},
        ":2": {"padding": Padding(0, 2, 0, 2)},
        "": {},
        "1:2:3:4|~::5": {"padding": Padding(1, 5, 1, 5)},
    },
    "auto_rotate": {"0": {"auto_rotate": False}, "1": {}, "": {"auto_rotate": False}},
    "rotate": {"90": {"rotate": 90}, "-90": {"rotate": 270}, "450": {"rotate": 90}, "360": {}, "180": {"rotate": 180}},
    "flip": {
        "1": {"flip_horizontal": True},
        "1:1": {"flip_horizontal": True, "flip_vertical": True},
        ":1": {"flip_vertical": True},
        "1:1|~::0": {"flip_horizontal": True},
    },
    "background": {
        "fff": {"background": (255, 255, 255)},
        "0a0b0C": {"background": (10, 11, 12)},
        "0:127:255": {"background": (0, 127, 255)},
        "fff|~:": {},
    },
    "blur": {"2.5": {"blur": 2.5}, "0": {}},
    "sharpen": {"0.7": {"sharpen": 0.7}, "1|~:0": {}},
    "pixelate": {"10": {"pixelate": 10}, "0": {"pixelate": 0}},
    "watermark": {
        "0.5": {"watermark": Watermark(0.5)},
        "1:soea:10:-20:0.2": {"watermark": Watermark(1, "soea", 10, -20, 0.2)},
        "1:ch:5:6": {"watermark": Watermark(1, "ch", 5, 6)},
        "1:re:::0.2": {"watermark": Watermark(1, "re", 0, 0, 0.2)},
        "1:re:1:2:3:tolerated:too": {"watermark": Watermark(1, "re", 1, 2, 3)},
        "1:re:5|~:0.5": {"watermark": Watermark(0.5, "re", 5)},
        "1|~:0": {},
        "0:no": {},
    },
    "strip_metadata": {"0": {"strip_metadata": False}},
    "keep_copyright": {"0": {"keep_copyright": False}},
    "strip_color_profile": {"0": {"strip_color_profile": False}},
    "preserve_hdr": {"1": {"preserve_hdr": True}},
    "enforce_thumbnail": {"1": {"enforce_thumbnail": True}},
    "video_thumbnail_second": {
        "12.5": {"video_moment": VideoMoment(value=12.5)},
        "0": {"video_moment": VideoMoment(value=0.0)},
        "-2": {"video_moment": VideoMoment(value=-2.0)},
        "50p": {"video_moment": VideoMoment(MomentKind.PERCENT, 50.0)},
        "auto": {"video_moment": VideoMoment(MomentKind.AUTO, 0.0)},
        "auto|~:1": {},
    },
    "video_thumbnail_keyframes": {"1": {"video_key_frames": True}, "1|~:0": {}},
    "video_thumbnail_tile": {
        "-1:10:5:160:90": {"video_tile": VideoTile(-1.0, 10, 5, 160, 90)},
        "2.5:3:4:50:60:1:0:1:0.2:0.7": {
            "video_tile": VideoTile(2.5, 3, 4, 50, 60, extend=True, fill=True, focus_x=0.2, focus_y=0.7)
        },
        "1:2:3:4:5:0:1::0.1": {"video_tile": VideoTile(1.0, 2, 3, 4, 5, trim=True, focus_x=0.1)},
        "0": {},
        "1:2:3:4:5|~:0": {},
        "0:0:0:0:0": {},
    },
    "video_thumbnail_animation": {
        "-1:200:5:160:90": media(video_animation=VideoAnimation(-1.0, 200, 5, 160, 90)),
        "2.5:3:4:50:60:1:0:1:0.2:0.7": media(
            video_animation=VideoAnimation(2.5, 3, 4, 50, 60, extend=True, fill=True, focus_x=0.2, focus_y=0.7)
        ),
        "0": {},
        "1:2:3:4:5|~:0": {},
        "0:0:0:0:0": {},
    },
    "clip": {
        "30:6": media(clip_start=30, clip_duration=6),
        "-10.5": media(clip_start=-10.5),
        ":6": media(clip_duration=6),
        "0:0": {},
        "5:6|~:7": media(clip_start=7, clip_duration=6),
    },
    "video_codec": {name: media(video_codec=name) for name in ("h264", "hevc", "vp9", "av1", "copy", "none")}
    | {"auto": {}},
    "audio_codec": {name: media(audio_codec=name) for name in ("aac", "opus", "mp3", "flac", "pcm", "copy", "none")}
    | {"auto": {}},
    "video_bitrate": {"1500": media(video_bitrate=1500), "0": {}},
    "audio_bitrate": {"96": media(audio_bitrate=96), "0": {}},
    "fps": {
        "12": media(fps=12),
        "23.976:exact": media(fps=23.976, fps_exact=True),
        "12:1": media(fps=12, fps_exact=True),
        "12:0": media(fps=12),
        "12:1|~:15": media(fps=15, fps_exact=True),
        "0": {},
    },
    "keyframe_interval": {"0.5": media(keyframe_interval=0.5), "2": {}},
    "encoder_speed": {"0": media(encoder_speed=0), "9": media(encoder_speed=9), "7": {}},
    "audio_channels": {"1": media(audio_channels=1), "6": media(audio_channels=6), "0": {}},
    "sample_rate": {"44100": media(sample_rate=44100)},
    "loudness": {
        "1": media(loudness=(-16, -1)),
        "-23": media(loudness=(-23, -1)),
        "-14:-2": media(loudness=(-14, -2)),
        "-14:": media(loudness=(-14, -1)),
        "1|~:0": {},
        "1|~:": {},
    },
    "volume": {"-60": media(volume=-60), "20": media(volume=20), "0": {}},
    "fade": {"0.5": media(fade_in=0.5), "0.5:1": media(fade_in=0.5, fade_out=1), ":2": media(fade_out=2)},
    "speed": {"0.25": media(speed=0.25), "4": media(speed=4), "1": {}},
    "track": {"01": media(track="1"), "EN": media(track="en"), "en|~:": {}},
    "loop": {"3": media(loop=3), "0": {}},
    "tone_map": {"off": media(tone_map=False), "off|~:auto": {}},
    "deinterlace": {"off": media(deinterlace=False), "off|~:auto": {}},
    "storyboard": {
        "2": media(storyboard=Storyboard(2)),
        "5:80:45:5:4": media(storyboard=Storyboard(5, 80, 45, 5, 4)),
        ":80": media(storyboard=Storyboard(width=80)),
        "-1:160:0:10:10": {},
        "": {},
    },
    "waveform": {
        "512": media(waveform=Waveform(512)),
        "0:16:2": media(waveform=Waveform(0, 16, 2)),
        "": media(waveform=Waveform()),
        ":16": media(waveform=Waveform(bits=16)),
    },
    "spectrogram": {"1": media(spectrogram=True), "1|~:0": {}},
    "ladder": {
        "360:720:copy": media(ladder=("720", "360", "copy")),
        "av1:copy:240": media(ladder=("240", "copy", "av1")),
        "copy": media(ladder=("copy",)),
        "360|~:": {},
    },
    "segment_duration": {"2": media(segment_duration=2), "10": media(segment_duration=10), "6": {}},
    "quality": {"55": {"quality": 55}, "100": {"quality": 100}, "5|~:0": {}},
    "format_quality": {
        "jpg:80": {"format_quality": (("jpeg", 80),)},
        "webp:70:avif:0": {"format_quality": (("avif", 0), ("webp", 70))},
        "webp:70:jpeg:1|~:webp:71": {"format_quality": (("jpeg", 1), ("webp", 71))},
    },
    "max_bytes": {"50000": {"max_bytes": 50000}, "9223372036854775807": {"max_bytes": 2**63 - 1}},
    "format": {
        "jpg": {"format": "jpeg"},
        "mp4": {"format": "mp4"},
        "m3u8": {"format": "m3u8"},
        "avif": {"format": "avif"},
        "png|~:webp": {"format": "webp"},
    },
    "skip_processing": {
        "gif": {"skip_processing": ("gif",)},
        "svg:gif:gif|~:jpg": {"skip_processing": ("gif", "jpeg", "svg")},
    },
    "raw": {"1": {"raw": True}},
    "cachebuster": {"v2": {"cachebuster": "v2"}, "a%20b=ä": {"cachebuster": "a%20b=ä"}, "a|~:": {}},
    "expires": {"1800000000": {"expires": 1800000000}, "0": {}, "1700000000": {"expires": 1700000000}},
    "filename": {
        "holiday": {"filename": "holiday"},
        "a%20b": {"filename": "a%20b"},
        "w6RiIGM:1": {"filename": "äb c"},
        "w6RiIGM=:true": {"filename": "äb c"},
        "w6RiIGM:0": {"filename": "w6RiIGM"},
        "w6RiIGM:": {"filename": "w6RiIGM"},
    },
    "return_attachment": {"1": {"return_attachment": True}},
    "preset": {"small": {"width": 10}, "small:other": {"width": 10, "height": 20}},
    "max_src_resolution": {"1.5": {"limits": ImageLimits(max_src_resolution=1_500_000)}},
    "max_src_file_size": {"5": {"limits": ImageLimits(max_src_file_size=5)}, "-5": {}},
    "max_animation_frames": {"50": {"limits": ImageLimits(max_animation_frames=50)}},
    "max_animation_frame_resolution": {"2": {"limits": ImageLimits(max_animation_frame_resolution=2_000_000)}},
    "max_result_dimension": {"2000": {"limits": ImageLimits(max_result_dimension=2000)}, "-1": {}},
}

REFUSED = {
    **effect_urls.REFUSED,
    **output_urls.REFUSED,
    "resize": ["x", "fit:-1", "fit:1:x", "fit:1:1:1:1:sm", "fit:1:1:1:1:re", "fit:1:1:1:1:no:1:1:1", "fit:1:1:1:1:"],
    "size": ["x", "1:1:1:1:no:1:1:1", "-1", "1:1:1:1:fp:1", "1.5"],
    "resizing_type": ["", "FIT", "crop", "fit:1"],
    "width": ["", "-1", "1:1", "1.0", "1e2", "99999999999999999999", " 1"],
    "height": ["", "-1", "1:1", "x"],
    "min-width": ["", "-1", "1:1"],
    "min-height": ["", "-1", "1:1"],
    "zoom": ["", "0", "-1", "1:0", "1:", "1:1:1", "nan", "inf", "1:nan"],
    "dpr": ["", "0", "-1", "2:2", "nan", "inf", "1e308"],
    "enlarge": ["1:1"],
    "extend": ["1:sm", "1:re", "1:", "1:no:x", "1:no:1:2:3", "1:fp", "1:fp:0.5", "1:fp:2:0", "1:no:nan"],
    "extend_aspect_ratio": ["1:sm", "1:re", "1:no:1:2:3"],
    "gravity": [
        "",
        "re",
        "x",
        "sm:0",
        "sm:",
        "fp",
        "fp:1",
        "fp:0.5:1.01",
        "fp:-0.1:0",
        "no:1:2:3",
        "no:x",
        "no:1:inf",
        "objw",
        "objw:face",
        "objw:face:0",
        "prop",
    ],
    "objects_position": ["", "sm", "obj", "prop:1", "fp:2:0", "no:1:2:3"],
    "crop_objects": ["-1", "x", "nan:face"],
    "crop": ["", "-1", "1:-1", "1:", "1:1:", "1:1:re", "1:1:sm:1", "1:1:no:1:1:1", "nan", "1e308"],
    "trim": ["x", "nan", "1:red", "1:ffff", "1:fff:1:1:1"],
    "padding": ["-1", "x", "1:x", "1:1:-1", "1:1:1:1:1", "1.5"],
    "auto_rotate": ["1:1"],
    "rotate": ["", "45", "x", "90.0", "90:90"],
    "flip": ["1:1:1"],
    "background": ["x", "#fff", "ffff", "1:2", "1:2:256", "1:2:-3", "1:2:+3", "1::2", "1:2:3:4", "1:2:٣"],
    "blur": ["", "-1", "nan", "inf", "1:1"],
    "sharpen": ["", "-1", "nan", "1:1"],
    "pixelate": ["", "-1", "1.5", "1:1"],
    "watermark": ["", "-0.1", "1.1", "1:sm", "1:fp", "1:x", "1:ce:x", "1:ce:1:nan", "1:ce:1:1:0", "1:ce:1:1:1:1:1:1"],
    "strip_metadata": ["1:1"],
    "keep_copyright": ["1:1"],
    "strip_color_profile": ["1:1"],
    "preserve_hdr": ["1:1"],
    "enforce_thumbnail": ["1:1"],
    "video_thumbnail_second": ["", "x", "101p", "-1p", "p", "50%", "1:1", "Auto", "nan", "3000000000"],
    "video_thumbnail_keyframes": ["1:1"],
    "video_thumbnail_tile": [
        "",
        "x",
        "1",
        "1:2:3:4",
        "1:0:3:4:5",
        "1:2:3:4:0",
        "1:2:3:4:5:1:1:1:2",
        "1:2:3:4:5:1:1:1:0:0:0",
        "1:99999:1:1:1",
    ],
    "video_thumbnail_animation": ["", "x", "1", "1:2:3:4", "1:0:3:4:5", "1:2:3:4:0", "1:2:3:4:5:1:1:1:2"],
    "clip": ["x", "1:-1", "1:x", "nan", "1:2:3", "9999999"],
    "video_codec": ["", "x264", "H264", "aac", "h264:1"],
    "audio_codec": ["", "vorbis", "h264", "aac:1"],
    "video_bitrate": ["", "-1", "1.5", "1:1"],
    "audio_bitrate": ["", "-1", "9999", "1:1"],
    "fps": ["-1", "x", "241", "12:1:1", "nan"],
    "keyframe_interval": ["", "0", "-1", "61", "1:1"],
    "encoder_speed": ["", "-1", "10", "1.5", "1:1"],
    "audio_channels": ["", "3", "8", "-1", "1:1"],
    "sample_rate": ["", "0", "7999", "192001", "44.1", "1:1"],
    "loudness": ["x", "2", "-71", "-4", "-16:1", "-16:-10", "1:-1", "0:0", "-16:-1:0"],
    "volume": ["", "-61", "21", "x", "1:1"],
    "fade": ["-1", "61", "x", "1:-1", "1:1:1"],
    "speed": ["", "0", "0.2", "4.1", "1:1"],
    "track": ["a", "e1", "1000", "english-speaking", "1:1", "-1"],
    "loop": ["", "-1", "65536", "1.5", "1:1"],
    "tone_map": ["", "1", "on", "off:1"],
    "deinterlace": ["", "1", "on", "off:1"],
    "storyboard": ["x", "0", "1:0:0", "1:2000", "1:1:1:0", "1:1:1:1:101", "1:1:1:1:1:1", "nan"],
    "waveform": ["-1", "x", "1:9", "1:8:3", "1:8:1:1"],
    "spectrogram": ["1:1"],
    "ladder": ["x", "63", "4321", "720p", "av1", "1:2", "720::360", ":".join(map(str, range(100, 109)))],
    "segment_duration": ["", "1.9", "10.1", "x", "1:1"],
    "quality": ["", "-1", "101", "x", "1:1"],
    "format_quality": ["", "jpeg", "jpeg:101", "jpeg:-1", "jpeg:x", "x:1", "jpeg:1:png", "JPEG:1"],
    "max_bytes": ["", "-1", "x", "1:1", "9223372036854775808"],
    "format": ["", "x", "JPG", "MP4", "mkv", "tif", "png:1"],
    "skip_processing": ["", "x", "gif:x"],
    "raw": ["1:1"],
    "cachebuster": ["1:1"],
    "expires": ["", "x", "1.5", "-1", "99999999999999999999", "1800000000:1"],
    "filename": ["a:0:0", "a!:1", "a:1", "Cg:1", "_w:1"],
    "return_attachment": ["1:1"],
    "preset": ["", "unknown", "small:unknown"],
    "max_src_resolution": ["", "-1", "nan", "inf", "1:1", "1e308"],
    "max_src_file_size": ["", "x", "1:1", "1.5"],
    "max_animation_frames": ["", "0", "-1", "1:1"],
    "max_animation_frame_resolution": ["", "-1", "nan", "1:1"],
    "max_result_dimension": ["", "x", "1:1"],
}

BASE = Plan(source=SOURCE)


def parse(name: str, text: str) -> Plan:
    options = [f"{name}:{text.split('|', maxsplit=1)[0]}", *text.split("|")[1:]]
    signed = PARSER.verify(f"/_/{'/'.join(options).replace('~', name)}/plain/{SOURCE}")
    parsed = grammar.parse(signed.path, ":", only_presets=False)
    # Without the rules of results: each option by itself.
    return build_plan(PARSER.interpreter.apply(Plan(), parsed.options, (), NOW), SOURCE)


def test_table_every_option_has_its_cases():
    names = {option.name for option in OPTIONS}
    assert set(CASES) == names
    assert set(REFUSED) == names


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_table_every_argument_has_a_case_that_depends_on_it(option: Option):
    fields = {argument.field for argument in option.arguments if isinstance(argument, Argument)}
    for field in fields:
        head, _, tail = field.partition(".")
        seen = [case[head] for case in CASES[option.name].values() if head in case]
        if tail:
            default = getattr(BASE, head)
            seen = [value for value in seen if default is None or attrgetter(tail)(value) != attrgetter(tail)(default)]
        assert seen, f"no case of {option.name} shows {field}"


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in CASES for text in CASES[name]])
def test_table_option_sets_the_fields_of_the_plan(name, text):
    fields = CASES[name][text]
    found = parse(name, text)
    different = {
        field: getattr(found, field)
        for field in Plan.__dataclass_fields__
        if getattr(found, field) != getattr(BASE, field)
    }
    assert different == fields


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_table_aliases_mean_the_same(option: Option):
    text = next(iter(CASES[option.name]))
    assert len({parse(name, text) for name in option.names}) == 1


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in REFUSED for text in REFUSED[name]])
def test_table_invalid_argument_is_refused(name, text):
    with pytest.raises(UrlError) as caught:
        parse(name, text)
    assert caught.value.status == 404
    assert not isinstance(caught.value, ExpiredError)


def test_table_expired_time_is_refused():
    with pytest.raises(ExpiredError):
        parse("expires", "1699999999")
    assert PARSER.parse("/_/exp:1700000000/plain/x", now=NOW + 0.9).expires == 1_700_000_000
    with pytest.raises(ExpiredError):
        PARSER.parse("/_/exp:1700000000/plain/x", now=NOW + 1)


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.security], ids=lambda option: option.name)
def test_table_limits_need_permission_before_anything_else(option: Option):
    for name in option.names:
        with pytest.raises(SecurityOptionError) as caught:
            unsigned().parse(f"/_/{name}:nonsense/plain/{SOURCE}", now=NOW)
        assert caught.value.status == 403


def test_table_security_options_are_those_that_change_limits():
    touching = {
        option.name
        for option in OPTIONS
        for argument in option.arguments
        if isinstance(argument, Argument) and argument.field.startswith("limits.")
    }
    assert touching == {option.name for option in OPTIONS if option.security}
    assert len(touching) == 5


def test_table_names_are_unique():
    assert len(BY_NAME) == sum(len(option.names) for option in OPTIONS)


def test_table_error_has_the_text_and_the_expected_type():
    with pytest.raises(OptionError) as caught:
        parse("resize", "fill:wide")
    assert caught.value.detail == "resize: width: found 'wide', expected a whole number, 0 or more"


def test_table_base_plan_is_what_options_build_on():
    base = Plan(trim=Trim(3, (1, 2, 3)), watermark=Watermark(1, "re"), crop=Crop(1, 2, gravity("no", 3, 4)))
    parser = unsigned(base_plan=base)
    found = parser.parse("/_/wm:0.5/c:9/t::fff/plain/local:///x", now=NOW)
    assert found.watermark == Watermark(0.5, "re")
    assert found.crop == Crop(9, 2, gravity("no", 3, 4))
    assert found.trim is None
    assert parser.parse("/_/wm:0/plain/local:///x", now=NOW).watermark is None


def test_table_options_unknown_to_imgproxy_are_unknown():
    for name in ("gif_options", "crop-aspect-ratio", "Width", "W", "rs "):
        with pytest.raises(OptionError, match="unknown option"):
            PARSER.parse(f"/_/{name}:1/plain/{SOURCE}", now=NOW)
