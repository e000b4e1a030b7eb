"""EXIF blocks as texts: one for each tag, as people read it. TIFF 6.0, section 2; EXIF 3.0, 4.6."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from mememime_proxy.imaging.description.exif_names import CODES, canonical_name, title
from mememime_proxy.imaging.gate.exif import EXIF_ID, MAX_ENTRIES, ExifBudget

_EXIF, _GPS = 0x8769, 0x8825
_OMITTED: Final = frozenset({
    _EXIF, _GPS, 0xA005, 0x014A,  # further directories
    0x0111, 0x0117, 0x0144, 0x0145, 0x0201, 0x0202,  # places of strips, tiles and thumbnails
    0x02BC, 0x83BB, 0x8649, 0x8773,  # XMP, IPTC, resources of Photoshop, a profile
    0x927C, 0xC4A5, 0xC634,  # blocks of makers
})  # fmt: skip
_ENTRY: Final = 12
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
_RATIONALS: Final = {5: "I", 10: "i"}
_TEXTS: Final = frozenset({2, 129})  # UTF-8 has a type of its own since EXIF 3.0
_UNDEFINED: Final = 7
_MAX_VALUES: Final = 32
"""Numbers of one tag that are told; one that has more is a table for programs."""
_MAX_TEXT: Final = 4096
"""Bytes of one text."""
_VERSIONS: Final = {"ExifVersion": "Exif Version", "FlashpixVersion": "FlashPix Version"}
_COMPONENTS: Final = ("-", "Y", "Cb", "Cr", "R", "G", "B")
_MARKS: Final = {("FileSource", b"\3"): "DSC", ("SceneType", b"\1"): "Directly photographed"}
"""Tags of one byte."""
_MARKED_TEXTS: Final = frozenset({"UserComment", "GPSProcessingMethod", "GPSAreaInformation"})
"""Texts that begin with eight bytes for their encoding."""
_FORMS: Final = {
    "ApertureValue": "{} EV",
    "BrightnessValue": "{} EV",
    "ExposureBiasValue": "{} EV",
    "FNumber": "f/{}",
    "FocalLength": "{} mm",
    "MaxApertureValue": "{} EV",
    "ShutterSpeedValue": "{} EV",
    "SubjectDistance": "{} m",
}

Rational = tuple[int, int]


def exif_texts(block: bytes | memoryview, *, canonical: bool = False) -> dict[str, str]:
    """Return the tags of an EXIF block, or a TIFF file, by their titles or ``canonical`` names.

    Tags of makers, and those that say where something is in the file, are left out. Never raises: what is broken
    counts as not there. Takes no more than ``MAX_ENTRIES`` steps.
    """
    view = memoryview(block)
    if bytes(view[: len(EXIF_ID)]) == EXIF_ID:
        view = view[len(EXIF_ID) :]
    order = {b"II": "<", b"MM": ">"}.get(bytes(view[:2]))
    if order is None or not ExifBudget().allows(view):
        return {}
    texts: dict[str, str] = {}
    try:
        (first,) = struct.unpack_from(f"{order}I", view, 4)
        pointers = {tag: _pointer(view, order, at) for tag, _, _, at in _entries(view, order, first)}
        for directory in (first, pointers.get(_EXIF), pointers.get(_GPS)):
            if directory is None:
                continue
            for tag, kind, count, at in _entries(view, order, directory):
                name = canonical_name(tag, gps=directory == pointers.get(_GPS))
                text = _text(view, order, name, kind, count, at) if name and tag not in _OMITTED else ""
                if text:
                    texts.setdefault(name if canonical else title(name), text)
    except struct.error:
        pass
    return texts


def _entries(view: memoryview, order: str, directory: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, type, number of values and offset of the field that has or places them."""
    (count,) = struct.unpack_from(f"{order}H", view, directory)
    start = directory + 2
    for at in range(start, start + _ENTRY * min(count, MAX_ENTRIES), _ENTRY):
        if at + _ENTRY > len(view):
            return
        tag, kind, number = struct.unpack_from(f"{order}HHI", view, at)
        yield tag, kind, number, at + 8


def _pointer(view: memoryview, order: str, at: int) -> int:
    return int(struct.unpack_from(f"{order}I", view, at)[0])


def _text(view: memoryview, order: str, name: str, kind: int, count: int, at: int) -> str:
    if kind in _TEXTS or kind == _UNDEFINED or name.startswith("XP"):
        return _of_bytes(name, kind, _bytes(view, order, count, at)[:_MAX_TEXT], order)
    if not 0 < count <= _MAX_VALUES:
        return ""
    if kind in _RATIONALS:
        values = _values(view, order, _RATIONALS[kind], 2 * count, at)
        return _of_rationals(name, list(zip(values[::2], values[1::2], strict=True)))
    return _of_numbers(name, _values(view, order, _NUMBERS[kind], count, at)) if kind in _NUMBERS else ""


def _values(view: memoryview, order: str, kind: str, count: int, at: int) -> tuple[int, ...]:
    form = f"{order}{count}{kind}"
    if struct.calcsize(form) > 4:
        at = _pointer(view, order, at)
    return struct.unpack_from(form, view, at) if at + struct.calcsize(form) <= len(view) else ()


def _bytes(view: memoryview, order: str, count: int, at: int) -> bytes:
    if count > 4:
        at = _pointer(view, order, at)
    return bytes(view[at : at + count])


def _of_numbers(name: str, values: tuple[int | float, ...]) -> str:
    if len(values) == 1:
        code = CODES.get(name, {}).get(int(values[0])) if isinstance(values[0], int) else None
        return code or _decimal(values[0])
    separator = "." if name == "GPSVersionID" else ", "
    return separator.join(map(_decimal, values))


def _of_rationals(name: str, values: list[Rational]) -> str:
    if not values or any(not below for _, below in values):
        return ""
    if name == "ExposureTime":
        above, below = values[0]
        return f"1/{_decimal(round(below / above))} sec." if 0 < above < below else f"{_decimal(above / below)} sec."
    texts = [_decimal(above / below) for above, below in values]
    if name in _FORMS and len(texts) == 1:
        return _FORMS[name].format(texts[0])
    return ":".join(text.zfill(2) for text in texts) if name == "GPSTimeStamp" else ", ".join(texts)


def _of_bytes(name: str, kind: int, content: bytes, order: str) -> str:
    if kind in _TEXTS:
        return _clean(content)
    if name.startswith("XP"):
        return content.decode("utf-16-le", "replace").rstrip("\0").strip()
    if name in _VERSIONS:
        return _version(_VERSIONS[name], content[:4].decode("ascii", "replace"))
    if name == "ComponentsConfiguration":
        return " ".join(_COMPONENTS[each] for each in content[:4] if each < len(_COMPONENTS))
    if name in _MARKED_TEXTS:
        return _marked_text(content, order)
    return _MARKS.get((name, content[:1]), "")


def _version(label: str, digits: str) -> str:
    return f"{label} {int(digits[:2])}.{digits[2:].rstrip('0') or '0'}" if digits.isdecimal() else ""


def _marked_text(content: bytes, order: str) -> str:
    mark, text = content[:8].rstrip(b"\0 "), content[8:]
    if mark == b"UNICODE":
        return text.decode("utf-16-le" if order == "<" else "utf-16-be", "replace").replace("\0", "").strip()
    return _clean(text) if mark in (b"ASCII", b"") else ""


def _clean(content: bytes) -> str:
    """Return a text up to its end mark; one that is not UTF-8 is read as Latin 1."""
    content = content.partition(b"\0")[0]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.strip()


def _decimal(value: float) -> str:
    """Return a number with four decimals at most."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
