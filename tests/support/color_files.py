"""The same picture in every format and colour space that the formats can carry, each with what its colours are in sRGB.

The picture is 24 patches of 16 × 16 pixels, so that what lossy formats do at edges does not count.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from tests.support import heif_boxes
from tests.support.colorimetry import CODE_POINTS, SPACES, icc_profile

PATCH = 16
COLORS = np.array([
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (40, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
]).reshape(4, 6, 3) / 255  # fmt: skip
"""Natural colours and greys, all of them within sRGB."""
DATA = Path(__file__).parents[1] / "data"
HEIC_COLORS = ((200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20))


@dataclass(frozen=True)
class ColorFile:
    """A file, and the sRGB colours that its patches stand for; ``deep``: more than 8 bits a channel."""

    data: bytes
    expected: np.ndarray
    patch: int = PATCH

    def shown(self, body):
        """The colours of a result's patches, by another decoder than that of the package."""
        image = _opened(body)
        rows, columns = self.expected.shape[:2]
        height, width = image.shape[0] // rows, image.shape[1] // columns
        centres = image[height // 2 :: height, width // 2 :: width]
        return centres[:rows, :columns] / 255


def _opened(body):
    if body[:2] == b"\xff\x0a" or body[4:8] == b"JXL ":
        array = pytest.importorskip("imagecodecs").jpegxl_decode(body)
        return np.repeat(array[..., None], 3, axis=2) if array.ndim == 2 else array[..., :3]
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))


def patches(colors, depth):
    largest = (1 << depth) - 1
    codes = np.rint(colors * largest).astype("uint8" if depth == 8 else "uint16")
    return codes.repeat(PATCH, axis=0).repeat(PATCH, axis=1)


def vips_image(array, icc=None):
    array = np.ascontiguousarray(array)
    bands = 1 if array.ndim == 2 else array.shape[2]
    kind = "uchar" if array.dtype == np.uint8 else "ushort"
    image = pyvips.Image.new_from_memory(array.tobytes(), array.shape[1], array.shape[0], bands, kind)
    deep = kind == "ushort"
    space = ("grey16" if deep else "b-w") if bands == 1 else "cmyk" if bands == 4 else "rgb16" if deep else "srgb"
    image = image.copy(interpretation=space)
    if icc:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return image


def png_with_chunks(png, *chunks):
    """The PNG with chunks before all others but its header."""
    framed = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return png[:33] + framed + png[33:]


def chrm(name):
    space = SPACES[name]
    return struct.pack(">8I", *(round(value * 100_000) for pair in (space.white, *space.primaries) for value in pair))


def gama(exponent):
    return struct.pack(">I", round(100_000 / exponent))


def exif_of_adobe_rgb(order="<"):
    """An EXIF block of DCF's optional colour space: uncalibrated, interoperability index R03."""
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(f"{order}2sHI", mark, 42, 8)
    ifd0 = struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
    exif = struct.pack(f"{order}HHHIHHHHIII", 2, 0xA001, 3, 1, 65535, 0, 0xA005, 4, 1, 56, 0)
    interoperability = struct.pack(f"{order}HHHI4sI", 1, 1, 2, 4, b"R03\0", 0)
    return head + ifd0 + exif + interoperability


def exif_block(*directories):
    """An EXIF block of the first directory, that of EXIF and that of interoperability: tag → type, values as bytes."""
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    pointers = (0x8769, 0xA005)
    lengths = [2 + 12 * (len(d) + (index < len(directories) - 1)) + 4 for index, d in enumerate(directories)]
    starts = [8 + sum(lengths[:index]) for index in range(len(directories))]
    values, body, at = b"", b"", 8 + sum(lengths)
    for index, directory in enumerate(directories):
        entries = dict(directory)
        if index < len(directories) - 1:
            entries[pointers[index]] = (4, struct.pack("<I", starts[index + 1]))
        body += struct.pack("<H", len(entries))
        for tag, (kind, value) in sorted(entries.items()):
            place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", at + len(values))
            values += value if len(value) > 4 else b""
            body += struct.pack("<HHI", tag, kind, len(value) // sizes[kind]) + place
        body += bytes(4)
    return b"Exif\0\0" + struct.pack("<2sHI", b"II", 42, 8) + body + values


def with_profile(name, format_, depth=8, *, grey=False):
    """The picture with an embedded profile."""
    source = np.repeat(COLORS.mean(axis=2)[..., None], 3, axis=2) if grey else COLORS
    samples = patches(SPACES[name].from_srgb(source), depth)
    icc = icc_profile(name, grey=grey)
    image = vips_image(samples[..., 0] if grey else samples, icc)
    return ColorFile(_written(image, samples, format_, icc), source)


def _written(image, samples, format_, icc):
    if format_ == "jxl":
        from mememime_proxy.imaging.codecs import libjxl

        picture = libjxl.ToEncode(
            pixels=image.write_to_memory(), width=image.width, height=image.height, bands=image.bands,
            sixteen=image.format == "ushort", distance=0, effort=3, icc=icc,
        )  # fmt: skip
        return libjxl.encode(picture)
    if format_ == "avif":
        buffer = io.BytesIO()
        Image.fromarray(samples).save(buffer, "AVIF", quality=100, subsampling="4:4:4", icc_profile=icc)
        return buffer.getvalue()
    options = {
        "jpeg": {"Q": 100, "subsample_mode": "off"}, "webp": {"lossless": True}, "png": {}, "tiff": {},
    }[format_]  # fmt: skip
    suffix = {"jpeg": ".jpg", "webp": ".webp", "png": ".png", "tiff": ".tif"}[format_]
    return image.write_to_buffer(suffix, **options)


def bmp_with_profile(name):
    """A BMP of version 5 with a profile behind its pixels."""
    samples = patches(SPACES[name].from_srgb(COLORS), 8)
    height, width = samples.shape[:2]
    pixels = samples[::-1, :, ::-1].tobytes()
    icc = icc_profile(name)
    start = 14 + 124
    info = struct.pack(
        "<IiiHHIIiiII16s4s48sIIII", 124, width, height, 1, 24, 0, len(pixels), 2835, 2835, 0, 0,
        b"", b"DEBM", b"", 4, 124 + len(pixels), len(icc), 0,
    )  # fmt: skip
    size = start + len(pixels) + len(icc)
    return ColorFile(struct.pack("<2sIHHI", b"BM", size, 0, 0, start) + info + pixels + icc, COLORS)


def png_by_chunks(name, chunks, depth=8, *, grey=False, palette=False):
    source = np.repeat(COLORS.mean(axis=2)[..., None], 3, axis=2) if grey else COLORS
    samples = patches(SPACES[name].from_srgb(source), depth)
    if palette:
        buffer = io.BytesIO()
        Image.fromarray(samples).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(buffer, "PNG")
        png = buffer.getvalue()
    else:
        png = vips_image(samples[..., 0] if grey else samples).pngsave_buffer()
    return ColorFile(png_with_chunks(png, *chunks), source)


def avif_by_nclx(name, depth=8, *, grey=False):
    """Coded by libavif, as imagecodecs has it, without loss of more than rounding."""
    imagecodecs = pytest.importorskip("imagecodecs")
    source = np.repeat(COLORS.mean(axis=2)[..., None], 3, axis=2) if grey else COLORS
    samples = patches(SPACES[name].from_srgb(source), depth)
    primaries, transfer = CODE_POINTS[name]
    data = imagecodecs.avif_encode(
        np.ascontiguousarray(samples[..., 0]) if grey else samples,
        level=100, speed=8, bitspersample=depth, primaries=primaries, transfer=transfer, matrix=1 if grey else 0,
    )  # fmt: skip
    return ColorFile(data, source)


def jxl_by_encoding(name, depth=8):
    from mememime_proxy.imaging.codecs import libjxl

    samples = patches(SPACES[name].from_srgb(COLORS), depth)
    picture = libjxl.ToEncode(
        pixels=samples.tobytes(), width=samples.shape[1], height=samples.shape[0], bands=3, sixteen=depth == 16,
        distance=0, effort=3, hdr=(CODE_POINTS[name][0], {14: 13}.get(CODE_POINTS[name][1], CODE_POINTS[name][1])),
    )  # fmt: skip
    return ColorFile(libjxl.encode(picture), COLORS)


def by_exif(format_):
    """The picture in Adobe RGB, which only EXIF says."""
    samples = patches(SPACES["Adobe RGB"].from_srgb(COLORS), 8)
    buffer = io.BytesIO()
    block = exif_of_adobe_rgb(">" if format_ == "PNG" else "<")
    options = {
        "JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}, "PNG": {},
    }.get(format_, {})  # fmt: skip
    if format_ == "TIFF":
        Image.fromarray(samples).save(buffer, format_)
        return ColorFile(_tiff_with_exif(buffer.getvalue()), COLORS)
    Image.fromarray(samples).save(buffer, format_, exif=b"Exif\0\0" + block, **options)
    return ColorFile(buffer.getvalue(), COLORS)


def _tiff_with_exif(tiff):
    """The file with a directory of EXIF that says Adobe RGB, behind a new first directory that points to it."""
    (old,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, old)
    entries = [tiff[old + 2 + 12 * index :][:12] for index in range(count)]
    start = len(tiff) + len(tiff) % 2
    exif = start + 2 + 12 * (count + 1) + 4
    interoperability = exif + 2 + 2 * 12 + 4
    entries.append(struct.pack("<HHII", 0x8769, 4, 1, exif))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    return b"".join((
        tiff[:4], struct.pack("<I", start), tiff[8:].ljust(start - 8, b"\0"),
        struct.pack("<H", count + 1), *entries, bytes(4),
        struct.pack("<HHHIHHHHIII", 2, 0xA001, 3, 1, 65535, 0, 0xA005, 4, 1, interoperability, 0),
        struct.pack("<HHHI4sI", 1, 1, 2, 4, b"R03\0", 0),
    ))  # fmt: skip


def heic(name, how):
    """The four areas of the HEIC of the test data, which another space gives other colours."""
    data = (DATA / "plain.heic").read_bytes()
    if how == "nclx":
        data = heif_boxes.with_nclx(data, *CODE_POINTS[name])
    else:
        data = heif_boxes.with_profile(data, icc_profile(name))
    coded = np.array(HEIC_COLORS).reshape(2, 2, 3) / 255
    return ColorFile(data, SPACES[name].to_srgb(coded))


def coded_heic(name):
    """The picture as an encoder of HEIC has written it."""
    return ColorFile((DATA / f"colors_{name}.heic").read_bytes(), COLORS)


def cmyk(format_):
    """The picture in the CMYK that libvips has a profile of; what it looks like by Pillow's lcms."""
    image = vips_image(patches(COLORS, 8)).icc_transform("cmyk", input_profile="srgb")
    icc = image.get("icc-profile-data")
    pixels = Image.frombytes("CMYK", (image.width, image.height), image.write_to_memory())
    shown = ImageCms.profileToProfile(
        pixels, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
    )  # fmt: skip
    centres = np.asarray(shown)[PATCH // 2 :: PATCH, PATCH // 2 :: PATCH] / 255
    options = {"Q": 100, "subsample_mode": "off"} if format_ == "jpeg" else {}
    return ColorFile(image.write_to_buffer(".jpg" if format_ == "jpeg" else ".tif", **options), centres)
