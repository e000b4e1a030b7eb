"""What is told of a picture."""

import hashlib
import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from mememime_proxy.errors import HashsumError, ImageError, LimitError
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.plan import Crop, ImageLimits, Plan, RenderConfig
from tests.support.exiftool import exiftool, read
from tests.support.pdf_writer import pdf


def picture(format_name="JPEG", **more):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, format_name, **more)
    return buffer.getvalue()


def test_picture_tells_size_format_and_dimensions():
    data = picture()
    assert describe(data, Plan(info=InfoFields()), RenderConfig()) == {
        "size": len(data), "format": "jpeg", "mime_type": "image/jpeg", "width": 40, "height": 20, "orientation": 1,
    }  # fmt: skip


def test_dimensions_are_those_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    document = describe(picture(exif=exif), Plan(), RenderConfig())
    assert (document["width"], document["height"], document["orientation"]) == (20, 40, 6)


def test_part_that_is_not_wanted_is_left_out():
    plan = Plan(info=InfoFields(size=False, format=False))
    assert set(describe(picture("PNG"), plan, RenderConfig())) == {"width", "height", "orientation"}


def test_what_is_no_picture_or_too_large_is_refused():
    with pytest.raises(ImageError):
        describe(b"no picture", Plan(), RenderConfig())
    with pytest.raises(LimitError):
        describe(picture(), Plan(limits=ImageLimits(max_src_file_size=10)), RenderConfig())


SAMPLES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "TIFF": "tif", "GIF": "gif"}
HEIC = Path(__file__).parents[2] / "data" / "plain.heic"
TAGS = (
    "-EXIF:Make=Xiaomi", "-EXIF:Model=Mi A3", "-EXIF:DateTimeOriginal=2020:06:08 11:16:14", "-EXIF:Copyright=Me, too",
    "-EXIF:ExposureTime=1/100", "-EXIF:FNumber=1.8", "-EXIF:ISO=200", "-EXIF:FocalLength=4.7", "-EXIF:Flash#=16",
    "-EXIF:ExposureCompensation=-0.5", "-EXIF:UserComment=hällo, (x)", "-EXIF:LensModel=Lens (a), b",
    "-EXIF:GPSLatitude=53.5", "-EXIF:GPSLatitudeRef=N", "-EXIF:SerialNumber=77", "-EXIF:OffsetTime=+02:00",
    "-IPTC:Caption-Abstract=A garden", "-IPTC:Keywords=garden", "-IPTC:Keywords=june", "-IPTC:By-line=Örn",
    "-IPTC:City=Kiel", "-IPTC:CodedCharacterSet=UTF8",
    "-XMP-dc:Creator=A. Person", "-XMP-dc:Title=A title", "-XMP-dc:Subject=one", "-XMP-dc:Subject=two",
    "-XMP-photoshop:DateCreated=2020-06-08T11:16:14", "-XMP-xmp:Rating=4",
)  # fmt: skip
PLAIN = {
    "IFD0:Make": "Make", "IFD0:Model": "Model", "IFD0:Copyright": "Copyright", "ExifIFD:UserComment": "UserComment",
    "ExifIFD:DateTimeOriginal": "DateTimeOriginal", "ExifIFD:LensModel": "LensModel", "ExifIFD:ISO": "ISOSpeedRatings",
    "ExifIFD:OffsetTime": "OffsetTime", "ExifIFD:SerialNumber": "BodySerialNumber",
}  # fmt: skip
"""Tags whose text is their value: ExifTool's name, and that of the standard."""
FORMATTED = {
    "ExposureTime": "1/100 sec.", "FNumber": "f/1.8", "FocalLength": "4.7 mm", "ExposureBiasValue": "-0.5 EV",
    "Flash": "Flash did not fire, compulsory flash mode", "GPSLatitude": "53, 30, 0", "GPSLatitudeRef": "N",
}  # fmt: skip
IPTC = {"Caption-Abstract": "Caption", "Keywords": "Keywords", "By-line": "By-line", "City": "City"}

_RESOLUTION = struct.pack(">4sHHIIHHIHH", b"8BIM", 0x03ED, 0, 16, 240 << 16, 1, 2, 240 << 16, 1, 3)
_BODY = b"Photoshop 3.0\0" + _RESOLUTION
PHOTOSHOP = struct.pack(">BBH", 0xFF, 0xED, 2 + len(_BODY)) + _BODY
"""The segment of a JPEG with a resolution, which ExifTool does not write."""


def tagged(folder, name):
    """Return the path of a picture with metadata that ExifTool has written."""
    path = folder / f"picture.{SAMPLES.get(name, 'heic')}"
    data = HEIC.read_bytes() if name == "HEIC" else picture(name)
    path.write_bytes(data[:2] + PHOTOSHOP + data[2:] if name == "JPEG" else data)
    exiftool("-q", "-m", "-overwrite_original", *TAGS, path)
    return path


@pytest.mark.parametrize("name", [*SAMPLES, "HEIC"])
def test_metadata_is_what_exiftool_reads_of_the_same_file(tmp_path, name):
    path = tagged(tmp_path, name)
    expected = read(path)
    document = describe(path.read_bytes(), Plan(info=InfoFields(canonical_names=True)), RenderConfig())
    assert (document["size"], document["mime_type"]) == (expected["System:FileSize"], mime_of(expected))
    exif = document.get("exif", {})
    if name != "GIF":
        assert {ours: exif[ours] for theirs, ours in PLAIN.items()} == {
            ours: str(expected[theirs]) for theirs, ours in PLAIN.items()
        }
        assert {key: exif[key] for key in FORMATTED} == FORMATTED
    found = {theirs: document["iptc"][ours] for theirs, ours in IPTC.items()} if "iptc" in document else {}
    single = {"By-line": lambda value: [value]}
    assert found == {
        key: single.get(key, lambda value: value)(expected[f"IPTC:{key}"]) for key in IPTC if f"IPTC:{key}" in expected
    }
    assert bool(found) == (name in {"JPEG", "PNG", "TIFF"})
    xmp = document["xmp"]
    assert xmp["dc"] == {
        "creator": [expected["XMP-dc:Creator"]],
        "title": expected["XMP-dc:Title"],
        "subject": expected["XMP-dc:Subject"],
    }
    assert xmp["xmp"]["Rating"] == str(expected["XMP-xmp:Rating"])
    if name == "JPEG":
        resolution = document["photoshop"]["resolution"]
        assert resolution["XResolution"] == expected["Photoshop:XResolution"] == 240
        assert resolution == {
            "XResolution": 240, "XResolutionUnit": "inches", "WidthUnit": "cm",
            "YResolution": 240, "YResolutionUnit": "inches", "HeightUnit": "points",
        }  # fmt: skip


def test_pages_and_xmp_of_a_pdf_are_those_that_exiftool_reads(tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf([(72, 36, (1, 0, 0))] * 3))
    exiftool("-q", "-m", "-overwrite_original", "-XMP-dc:Title=A title", path)
    expected = read(path)
    document = describe(path.read_bytes(), Plan(info=InfoFields(pages_number=True)), RenderConfig())
    assert document["pages_number"] == expected["PDF:PageCount"] == 3
    assert document["mime_type"] == expected["File:MIMEType"] == "application/pdf"
    assert document["xmp"]["dc"]["title"] == expected["XMP-dc:Title"] == "A title"
    assert document["size"] == expected["System:FileSize"]


def mime_of(expected):
    return {"image/heic": "image/heif"}.get(expected["File:MIMEType"], expected["File:MIMEType"])


def test_drawing_tells_its_properties():
    data = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><metadata>'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        b'<rdf:Description rdf:about="" dc:format="image/svg+xml"><dc:title>A drawing</dc:title></rdf:Description>'
        b'</rdf:RDF></metadata><rect width="20" height="10" fill="red"/></svg>'
    )
    plan = Plan(info=InfoFields(size=False, average=True))
    assert describe(data, plan, RenderConfig()) == {
        "format": "svg", "mime_type": "image/svg+xml", "width": 20, "height": 10, "orientation": 1,
        "xmp": {"dc": {"format": "image/svg+xml", "title": "A drawing"}},
        "average": {"R": 255, "G": 0, "B": 0, "A": 255},
    }  # fmt: skip


def test_titles_and_switches(tmp_path):
    data = tagged(tmp_path, "JPEG").read_bytes()
    document = describe(data, Plan(info=InfoFields()), RenderConfig())
    assert document["exif"]["Manufacturer"] == "Xiaomi"
    assert document["exif"]["Date and Time (Original)"] == "2020:06:08 11:16:14"
    nothing = InfoFields(size=False, format=False, dimensions=False, exif=False, iptc=False, xmp=False)
    assert describe(data, Plan(info=nothing), RenderConfig()) == {}


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_what_is_private_stays_where_originals_of_uploads_do(tmp_path, name):
    data = tagged(tmp_path, name).read_bytes()
    plan = Plan(info=InfoFields(canonical_names=True), original_policy=OriginalPolicy.STRIP)
    document = describe(data, plan, RenderConfig())
    assert document["exif"]["Make"] == "Xiaomi"
    assert not {"GPSLatitude", "BodySerialNumber"} & set(document["exif"])
    assert document["iptc"]["City"] == ""
    assert "Kiel" not in str(document)


def test_keys_come_in_the_order_of_the_documentation():
    everything = InfoFields(
        colorspace=True, bands=True, sample_format=True, pages_number=True, alpha=True, check_transparency=True,
        crop=True, palette=8, average=True, dominant_colors=True, blurhash_x=4, blurhash_y=3, thumb_hash=True,
        perceptual_hash=True, hashsums=("md5", "sha256"), lqip=16, focus=True,
    )  # fmt: skip
    data = picture("PNG")
    document = describe(data, Plan(info=everything, crop=Crop(10, 10)), RenderConfig())
    assert list(document) == [
        "size", "format", "mime_type", "width", "height", "orientation", "colorspace", "bands", "sample_format",
        "pages_number", "alpha", "crop", "palette", "average", "dominant_colors", "blurhash", "thumb_hash",
        "perceptual_hash", "hashsums", "lqip", "focus",
    ]  # fmt: skip
    assert document["hashsums"] == {
        "md5": hashlib.md5(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    assert (document["colorspace"], document["bands"], document["sample_format"]) == ("srgb", 3, "uchar")


def test_original_with_another_digest_is_not_described():
    data = picture()
    digest = hashlib.sha256(data).hexdigest()
    assert describe(data, Plan(hashsum=f"sha256:{digest}"), RenderConfig())["width"] == 40
    with pytest.raises(HashsumError):
        describe(data + b"x", Plan(hashsum=f"sha256:{digest}"), RenderConfig())


def test_frames_are_counted_beyond_the_limit_of_renders():
    frames = [Image.new("RGB", (8, 8), (50 * number, 0, 0)) for number in range(5)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    plan = Plan(info=InfoFields(pages_number=True))
    assert describe(buffer.getvalue(), plan, RenderConfig())["pages_number"] == 5


def test_cost_is_approved_before_pixels_are_decoded():
    def refuse(cost):
        raise LimitError("too much")

    assert describe(picture(), Plan(), RenderConfig(), refuse)["width"] == 40
    with pytest.raises(LimitError, match="too much"):
        describe(picture(), Plan(info=InfoFields(average=True)), RenderConfig(), refuse)


def test_first_bytes_of_a_file_answer(tmp_path):
    data = tagged(tmp_path, "JPEG").read_bytes()
    data += bytes(5000)
    whole = describe(data, Plan(), RenderConfig())
    assert describe(data[:-4000], Plan(), RenderConfig(), file_size=len(data)) == whole


@pytest.mark.parametrize("name", ["WEBP", "AVIF"])
def test_metadata_that_is_announced_behind_the_first_bytes_is_no_answer(tmp_path, name):
    data = tagged(tmp_path, name).read_bytes()
    exif = InfoFields(iptc=False)
    whole = describe(data, Plan(info=exif), RenderConfig())
    assert whole["exif"]
    with pytest.raises(ImageError):
        describe(data[: len(data) * 2 // 3], Plan(info=exif), RenderConfig(), file_size=len(data))
    without = InfoFields(exif=False, iptc=False, xmp=False)
    head = data[: len(data) * 2 // 3]
    if name == "WEBP":
        assert describe(head, Plan(info=without), RenderConfig(), file_size=len(data))["size"] == len(data)
