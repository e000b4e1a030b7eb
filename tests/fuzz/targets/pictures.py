"""The gate: each format's walker, and that what the gate hands on passes it again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from mememime_proxy.errors import ImageError
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging import gate
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.fuzz.target import Target

LIMITS, CONFIG = ImageLimits(max_animation_frames=4), RenderConfig()
DATA = Path(__file__).parents[2] / "data"
FORMATS = {
    "png": ("png",),
    "jpeg": ("jpeg",),
    "webp": ("webp",),
    "gif": ("gif",),
    "heif": ("avif", "heic"),
    "jxl": ("jxl",),
    "tiff": ("tiff",),
    "bmp": ("bmp",),
    "ico": ("ico",),
    "psd": ("psd",),
}
"""Names of formats, by that of their walker."""
WORDS = {
    "png": b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP tEXt zTXt iTXt bKGD hIST pHYs sPLT eXIf acTL fcTL",
    "jpeg": b"JFIF\0 Exif\0\0 ICC_PROFILE\0 MPF\0 hdrgm \xff\xd8 \xff\xc0 \xff\xc2 \xff\xc4 \xff\xda \xff\xd9 \xff\xe1",
    "webp": b"RIFF WEBP VP8\x20 VP8L VP8X ANIM ANMF ALPH ICCP EXIF XMP\x20 \x9d\x01\x2a \x2f",
    "gif": b"GIF87a GIF89a \x21\xf9\x04 \x21\xff\x0bNETSCAPE2.0 \x2c \x3b",
    "heif": b"ftyp avif avis heic mif1 meta hdlr pict pitm iinf infe iref dimg auxl thmb cdsc prem iloc iprp ipco ipma "
    b"ispe pixi av1C hvcC colr nclx prof rICC clap irot imir auxC grid iovl iden mdat idat moov trak mdia minf stbl "
    b"stsd av01 hvc1 Exif",
    "jxl": b"\xff\x0a JXL ftypjxl jxlc jxlp brob Exif jxll",
    "tiff": b"II*\0 MM\0* II+\0 \x00\x01\x03\x00 \x01\x01\x03\x00 \x11\x01 \x44\x01 \x4a\x01 \x69\x87 \x25\x88",
    "bmp": b"BM \x28\0\0\0 \x6c\0\0\0 \x7c\0\0\0 BGRs DEBM",
    "psd": b"8BPS\0\1 8BIM \x04\x0f \x04\x21 \0\0\0\0",
    "ico": b"\0\0\1\0 \0\0\2\0 \x89PNG\r\n\x1a\n \x28\0\0\0",
}


def _checker(walker: str) -> Callable[[bytes], None]:
    names = FORMATS[walker]

    def run(data: bytes) -> None:
        if sniff(data) not in names:
            return
        header, decoded = gate.inspect(data, LIMITS, CONFIG)
        assert header.width > 0
        assert header.height > 0
        assert header.bands > 0
        assert header.pages > 0
        assert 1 <= header.orientation <= 8
        again, decoded_again = gate.inspect(decoded, LIMITS, CONFIG)
        seen = header.aperture  # is not in the data to decode
        size = (seen.full_width, seen.full_height) if seen and decoded is not data else (header.width, header.height)
        assert (again.format, again.width, again.height) == (header.format, *size)
        assert bytes(decoded_again) == bytes(decoded), "what passed the gate is written otherwise a second time"

    return run


def seeds(walker: str) -> Iterable[bytes]:
    """Yield files of a walker's formats: as encoders write them, with metadata, with what is rare."""
    from tests.support import malformed_images, private_metadata

    for kind, data in malformed_images.real_files().items():
        if kind.partition("-")[0] in FORMATS[walker]:
            yield data
    for kind in {"jpeg", "png", "gif", "tiff", "jxl", "webp", "avif"} & set(FORMATS[walker]):
        yield private_metadata.with_secrets(kind)
    yield from _RARE.get(walker, tuple)()


def _rare_png() -> Iterable[bytes]:
    from tests.support.color_files import chrm, gama, png_with_chunks
    from tests.support.malformed_images import exif, png, zeros
    from tests.support.numbered_png import chunk

    packed = zeros(4096)
    yield png(chunk(b"zTXt", b"a\0\0" + packed), chunk(b"iTXt", b"a\0\1\0en\0b\0" + packed))
    yield png(chunk(b"tEXt", b"a\0b"), chunk(b"iCCP", b"p\0\0" + packed), chunk(b"eXIf", exif(6)))
    yield png_with_chunks(
        png(depth=16), (b"cHRM", chrm("Display P3")), (b"gAMA", gama(2.2)), (b"cICP", b"\x0c\x0d\0\1")
    )


def _rare_heif() -> Iterable[bytes]:
    from tests.support.heif_boxes import with_nclx
    from tests.support.heif_editor import aperture, with_entry_properties, with_properties
    from tests.support.malformed_images import HEIGHT, WIDTH, box, full_box, real_files

    files = real_files()
    clap = aperture(30, 20, 3, 4, WIDTH, HEIGHT)
    yield with_properties(files["avif"], [clap, struct.pack(">I4sB", 9, b"irot", 1)])
    yield with_entry_properties(files["avif-sequence"], [clap])
    yield with_nclx(files["avif"], 9, 16)
    yield (DATA / "plain.heic").read_bytes()
    items = ((1, b"grid"), (2, b"av01"), (3, b"av01"))
    infe = [full_box(b"infe", struct.pack(">HH4s", number, 0, kind), b"\0", version=2) for number, kind in items]
    properties = box(b"ipco", full_box(b"ispe", struct.pack(">II", 64, 64)))
    meta = full_box(
        b"meta",
        full_box(b"pitm", struct.pack(">H", 1)),
        full_box(b"iinf", struct.pack(">H", 3), *infe),
        full_box(b"iref", box(b"dimg", struct.pack(">HHHH", 1, 2, 2, 3))),
        box(b"iprp", properties, full_box(b"ipma", struct.pack(">I", 3), b"\0\1\1\1\0\2\1\1\0\3\1\1")),
        full_box(b"iloc", b"\x44\0\0\1\0\1\0\1\0\0\0\1\0\0\0\0\0\0\0\x08", version=1),
        box(b"idat", b"\0\0\0\1\0\x40\0\x40"),
    )
    yield box(b"ftyp", b"avif\0\0\0\0avifmif1") + meta + box(b"mdat", bytes(8))


def _rare_jpeg() -> Iterable[bytes]:
    from tests.support.malformed_images import exif, saved

    yield saved("JPEG", exif=exif(6), icc_profile=bytes(200))


def _rare_bmp() -> Iterable[bytes]:
    from tests.support.color_files import bmp_with_profile

    yield bmp_with_profile("Display P3").data


_RARE: dict[str, Callable[[], Iterable[bytes]]] = {
    "png": _rare_png,
    "heif": _rare_heif,
    "jpeg": _rare_jpeg,
    "bmp": _rare_bmp,
}

TARGETS = tuple(
    Target(
        name=f"pictures.{walker}",
        run=_checker(walker),
        seeds=lambda walker=walker: seeds(walker),
        allowed=(ImageError,),
        words=tuple(words.split(b" ")),
        max_length=16_384,
    )
    for walker, words in WORDS.items()
)
