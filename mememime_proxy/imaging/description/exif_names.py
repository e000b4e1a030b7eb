"""Names of EXIF tags: canonical ones, as in the standard, and titles for people; and words for coded values.

EXIF 3.0, 4.6; TIFF 6.0. Titles are those of libexif, so that they are the ones that imgproxy tells.
"""

from __future__ import annotations

import re
from typing import Final

from PIL import ExifTags

_CANONICAL: Final = {
    0x9290: "SubSecTime",
    0x9291: "SubSecTimeOriginal",
    0x9292: "SubSecTimeDigitized",
    0xA000: "FlashpixVersion",
    0xA002: "PixelXDimension",
    0xA003: "PixelYDimension",
}
"""Where Pillow has another name than the standard."""
_TITLES: Final = {
    "ApertureValue": "Aperture",
    "BitsPerSample": "Bits per Sample",
    "BrightnessValue": "Brightness",
    "CompressedBitsPerPixel": "Compressed Bits per Pixel",
    "DateTime": "Date and Time",
    "DateTimeDigitized": "Date and Time (Digitized)",
    "DateTimeOriginal": "Date and Time (Original)",
    "ExposureBiasValue": "Exposure Bias",
    "FNumber": "F-Number",
    "FlashpixVersion": "FlashPixVersion",
    "FocalLengthIn35mmFilm": "Focal Length in 35mm Film",
    "FocalPlaneXResolution": "Focal Plane X-Resolution",
    "FocalPlaneYResolution": "Focal Plane Y-Resolution",
    "GPSAltitude": "Altitude",
    "GPSAltitudeRef": "Altitude Reference",
    "GPSAreaInformation": "Name of GPS Area",
    "GPSDOP": "Measurement Precision",
    "GPSDateStamp": "GPS Date",
    "GPSDestBearing": "Bearing of Destination",
    "GPSDestBearingRef": "Reference for Bearing of Destination",
    "GPSDestDistance": "Distance to Destination",
    "GPSDestDistanceRef": "Reference for Distance to Destination",
    "GPSDestLatitude": "Latitude of Destination",
    "GPSDestLatitudeRef": "Reference For Latitude of Destination",
    "GPSDestLongitude": "Longitude of Destination",
    "GPSDestLongitudeRef": "Reference for Longitude of Destination",
    "GPSDifferential": "GPS Differential Correction",
    "GPSHPositioningError": "GPS Horizontal Positioning Error",
    "GPSImgDirection": "GPS Image Direction",
    "GPSImgDirectionRef": "GPS Image Direction Reference",
    "GPSLatitude": "Latitude",
    "GPSLatitudeRef": "North or South Latitude",
    "GPSLongitude": "Longitude",
    "GPSLongitudeRef": "East or West Longitude",
    "GPSMapDatum": "Geodetic Survey Data Used",
    "GPSMeasureMode": "GPS Measurement Mode",
    "GPSProcessingMethod": "Name of GPS Processing Method",
    "GPSSpeed": "Speed of GPS Receiver",
    "GPSSpeedRef": "Speed Unit",
    "GPSStatus": "GPS Receiver Status",
    "GPSTimeStamp": "GPS Time (Atomic Clock)",
    "GPSTrack": "Direction of Movement",
    "GPSTrackRef": "Reference for direction of movement",
    "GPSVersionID": "GPS Tag Version",
    "Make": "Manufacturer",
    "MaxApertureValue": "Maximum Aperture Value",
    "OffsetTime": "Offset Time For DateTime",
    "OffsetTimeDigitized": "Offset Time For DateTimeDigitized",
    "OffsetTimeOriginal": "Offset Time For DateTimeOriginal",
    "ReferenceBlackWhite": "Reference Black/White",
    "SamplesPerPixel": "Samples per Pixel",
    "ShutterSpeedValue": "Shutter Speed",
    "SubSecTime": "Sub-second Time",
    "SubSecTimeDigitized": "Sub-second Time (Digitized)",
    "SubSecTimeOriginal": "Sub-second Time (Original)",
    "XResolution": "X-Resolution",
    "YCbCrCoefficients": "YCbCr Coefficients",
    "YCbCrPositioning": "YCbCr Positioning",
    "YCbCrSubSampling": "YCbCr Sub-Sampling",
    "YResolution": "Y-Resolution",
}
"""Titles that are not the words of the name."""
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_LEVELS: Final = ("Normal", "Soft", "Hard")
_UNITS: Final = {2: "Inch", 3: "Centimeter"}
CODES: Final[dict[str, dict[int, str]]] = {
    "ColorSpace": {1: "sRGB", 2: "Adobe RGB", 0xFFFF: "Uncalibrated"},
    "Contrast": dict(enumerate(_LEVELS)),
    "CustomRendered": {0: "Normal process", 1: "Custom process"},
    "ExposureMode": {0: "Auto exposure", 1: "Manual exposure", 2: "Auto bracket"},
    "ExposureProgram": dict(
        enumerate(
            (
                "Not defined",
                "Manual",
                "Normal program",
                "Aperture priority",
                "Shutter priority",
                "Creative program (biased toward depth of field)",
                "Creative program (biased toward fast shutter speed)",
                "Portrait mode (for closeup photos with the background out of focus)",
                "Landscape mode (for landscape photos with the background in focus)",
            )
        )
    ),
    "Flash": {
        0x00: "Flash did not fire",
        0x01: "Flash fired",
        0x05: "Strobe return light not detected",
        0x07: "Strobe return light detected",
        0x09: "Flash fired, compulsory flash mode",
        0x10: "Flash did not fire, compulsory flash mode",
        0x18: "Flash did not fire, auto mode",
        0x19: "Flash fired, auto mode",
        0x20: "No flash function",
        0x41: "Flash fired, red-eye reduction mode",
        0x49: "Flash fired, compulsory flash mode, red-eye reduction mode",
        0x59: "Flash fired, auto mode, red-eye reduction mode",
    },
    "FocalPlaneResolutionUnit": _UNITS,
    "GainControl": dict(enumerate(("Normal", "Low gain up", "High gain up", "Low gain down", "High gain down"))),
    "LightSource": {
        0: "Unknown",
        1: "Daylight",
        2: "Fluorescent",
        3: "Tungsten incandescent light",
        4: "Flash",
        9: "Fine weather",
        10: "Cloudy weather",
        11: "Shade",
        17: "Standard light A",
        18: "Standard light B",
        19: "Standard light C",
        255: "Other",
    },
    "MeteringMode": {
        0: "Unknown",
        1: "Average",
        2: "Center-weighted average",
        3: "Spot",
        4: "Multi spot",
        5: "Pattern",
        6: "Partial",
        255: "Other",
    },
    "Orientation": dict(
        enumerate(
            (
                "Top-left",
                "Top-right",
                "Bottom-right",
                "Bottom-left",
                "Left-top",
                "Right-top",
                "Right-bottom",
                "Left-bottom",
            ),
            1,
        )
    ),
    "ResolutionUnit": _UNITS,
    "Saturation": dict(enumerate(("Normal", "Low saturation", "High saturation"))),
    "SceneCaptureType": dict(enumerate(("Standard", "Landscape", "Portrait", "Night scene"))),
    "SensingMethod": dict(
        enumerate(
            (
                "Not defined",
                "One-chip color area sensor",
                "Two-chip color area sensor",
                "Three-chip color area sensor",
                "Color sequential area sensor",
                "Trilinear sensor",
                "Color sequential linear sensor",
            ),
            1,
        )
    ),
    "Sharpness": dict(enumerate(_LEVELS)),
    "SubjectDistanceRange": dict(enumerate(("Unknown", "Macro", "Close view", "Distant view"))),
    "WhiteBalance": {0: "Auto white balance", 1: "Manual white balance"},
    "YCbCrPositioning": {1: "Centered", 2: "Co-sited"},
}
"""Words for the numbers of a tag, by its canonical name. Other numbers are told as they are."""


def canonical_name(tag: int, *, gps: bool) -> str:
    """Return the name of a tag, of the GPS directory or another one; '' for one that is in no standard."""
    return (ExifTags.GPSTAGS if gps else {**ExifTags.TAGS, **_CANONICAL}).get(tag, "")


def title(name: str) -> str:
    """Return the title of a canonical name: ``Date and Time (Original)``."""
    return _TITLES.get(name) or _WORDS.sub(" ", name)
