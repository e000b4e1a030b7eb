"""Metadata of results, read back by Pillow, which does not write them."""

import io
import struct
from dataclasses import replace

import pytest
from PIL import ExifTags, IptcImagePlugin
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.metadata import iptc_rights, keep_flags, strip, xmp_rights
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig

CONFIG = RenderConfig()
COPYRIGHT, ARTIST, MAKE, DESCRIPTION, ORIENTATION = 0x8298, 0x013B, 0x010F, 0x010E, 0x0112
SECRETS = (b"SecretCam", b"a secret place", b"42.4242", b"Secret City", b"secret.tool")

XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:cc="http://creativecommons.org/ns#"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmp:CreatorTool="secret.tool" xmpRights:Marked="True" photoshop:City="Secret City">
<dc:creator><rdf:Seq><rdf:li>Ann Author</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">\xc2\xa9 Ann</rdf:li></rdf:Alt></dc:rights>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a secret place</rdf:li></rdf:Alt></dc:description>
<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def iptc(*records):
    return b"".join(struct.pack(">BBBH", 0x1C, *number, len(text)) + text for number, text in records)


IPTC = iptc(
    ((1, 90), b"\x1b%G"),
    ((2, 80), b"Ann Author"),
    ((2, 90), b"Secret City"),
    ((2, 110), b"Agency"),
    ((2, 116), "© Ann".encode()),
)


def photoshop(records):
    other = struct.pack(">4sH2sI", b"8BIM", 0x040C, b"\0\0", 3) + b"abc\0"
    padding = b"\0" * (len(records) % 2)
    return (
        b"Photoshop 3.0\0" + other + struct.pack(">4sH2sI", b"8BIM", 0x0404, b"\0\0", len(records)) + records + padding
    )


def exif(copyright_="(c) Ann 2026", artist="Ann Author", **more):
    block = PillowImage.Exif()
    block[MAKE] = "SecretCam"
    block[DESCRIPTION] = "a secret place"
    block[ORIENTATION] = 6
    if copyright_:
        block[COPYRIGHT] = copyright_
    if artist:
        block[ARTIST] = artist
    block.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (42.4242, 0.0, 0.0)})
    block.get_ifd(ExifTags.IFD.Exif).update({0x927C: b"SecretCam 42.4242"})
    block.update(more)
    return block


def photograph(format_="JPEG", *, block=None, xmp=XMP, records=None, **options):
    """An original as another program writes it."""
    picture = PillowImage.radial_gradient("L").resize((64, 48)).convert("RGB")
    target = io.BytesIO()
    options |= {"exif": block if block is not None else exif()} | ({"xmp": xmp} if xmp else {})
    if format_ == "PNG" and xmp:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    picture.save(target, format_, **options)
    data = target.getvalue()
    if records:
        segment = photoshop(records)
        data = data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    return data


def result(data, format_, **wishes):
    plan = Plan(**wishes)
    image = open_original(data, ImageLimits(), CONFIG).load()
    if plan.strip_metadata:
        image = strip(image, keep_copyright=plan.keep_copyright, keep_icc=not plan.strip_color_profile, animated=False)
    return save(image, format_, quality=80, plan=plan, config=CONFIG)


def opened(data):
    return PillowImage.open(io.BytesIO(data))


def clean(data):
    """No secret, neither in the bytes nor packed in a chunk of PNG."""
    with opened(data) as picture:
        picture.load()
        told = repr(picture.info).encode()
    return not any(secret in data or secret in told for secret in SECRETS)


def xmp_of(picture):
    picture.load()
    return picture.info.get("xmp") or picture.info["XML:com.adobe.xmp"].encode()


SOURCES = ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"]
TARGETS = ["jpeg", "png", "webp", "avif", "tiff"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("target", [*TARGETS, "gif", "bmp", "ico", "jxl"])
def test_metadata_nothing_is_left_without_copyright(source, target):
    data = photograph(source, **({"xmp": None} if source == "TIFF" else {}))
    body = result(data, target, keep_copyright=False)
    assert b"Ann" not in body
    if target == "jxl":
        return
    assert clean(body)
    tags = dict(opened(body).getexif())
    assert ORIENTATION not in tags or tags[ORIENTATION] == 1
    assert not {COPYRIGHT, ARTIST, MAKE, DESCRIPTION} & set(tags)


@pytest.mark.parametrize("source", SOURCES[:4])
@pytest.mark.parametrize("target", TARGETS[:4])
def test_metadata_author_and_rights_are_kept_and_nothing_else(source, target):
    body = result(photograph(source), target)
    picture = opened(body)
    tags = picture.getexif()
    assert tags[COPYRIGHT] == "(c) Ann 2026"
    assert tags[ARTIST] == "Ann Author"
    assert tags.get(ORIENTATION, 1) == 1
    assert not {MAKE, DESCRIPTION} & set(tags)
    assert not tags.get_ifd(ExifTags.IFD.GPSInfo)
    assert 0x927C not in tags.get_ifd(ExifTags.IFD.Exif)
    xmp = xmp_of(picture)
    assert all(text in xmp for text in (b"Ann Author", "© Ann".encode(), b"licenses/by/4.0", b"Marked"))
    assert clean(body)


def test_metadata_iptc_rights_are_kept():
    picture = opened(result(photograph(records=IPTC), "jpeg"))
    found = IptcImagePlugin.getiptcinfo(picture)
    assert found[2, 80] == b"Ann Author"
    assert found[2, 110] == b"Agency"
    assert found[2, 116] == "© Ann".encode()
    assert (2, 90) not in found


def test_metadata_option_keeps_everything_except_the_applied_orientation():
    picture = opened(result(photograph(records=IPTC), "jpeg", strip_metadata=False))
    tags = picture.getexif()
    assert tags[MAKE] == "SecretCam"
    assert tags.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
    assert b"Secret City" in picture.info["xmp"]
    assert IptcImagePlugin.getiptcinfo(picture)[2, 90] == b"Secret City"


def test_metadata_thumbnail_of_the_original_is_not_left_behind():
    inner = io.BytesIO()
    PillowImage.new("RGB", (16, 16), (1, 2, 3)).save(inner, "JPEG")
    thumbnail = inner.getvalue()
    # IFD0: copyright, then IFD1 with the thumbnail; TIFF 6.0 and EXIF 3.0, 4.6.5
    text = b"(c) Ann 2026\0"
    first, second = 8, 8 + 2 + 12 + 4
    text_at = second + 2 + 24 + 4
    block = b"II*\0" + struct.pack("<IHHHIII", first, 1, COPYRIGHT, 2, len(text), text_at, second)
    block += struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, text_at + len(text), 0x0202, 4, 1, len(thumbnail), 0)
    block += text + thumbnail
    data = photograph(block=b"Exif\0\0" + block, xmp=None)
    assert thumbnail in data
    kept = result(data, "jpeg")
    assert thumbnail[20:] not in kept
    assert opened(kept).getexif()[COPYRIGHT] == "(c) Ann 2026"
    assert thumbnail[20:] not in result(data, "jpeg", keep_copyright=False)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("plan", [Plan(), Plan(keep_copyright=False), Plan(strip_metadata=False)])
def test_metadata_turned_picture_is_not_turned_again(target, plan):
    body = Renderer(CONFIG).render(photograph(), replace(plan, format=target)).body
    picture = opened(body)
    assert picture.size == (48, 64)
    assert picture.getexif().get(ORIENTATION, 1) == 1
    assert open_original(body, ImageLimits(), CONFIG).header.orientation == 1


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff"])
def test_metadata_resolution_is_72_dots_per_inch(target):
    dpi = opened(result(photograph(dpi=(300, 300)), target)).info["dpi"]
    assert dpi == pytest.approx((72, 72), abs=0.05)


def test_metadata_image_without_anything_to_strip_costs_no_operation():
    data = photograph(block=PillowImage.Exif(), xmp=None, dpi=(72, 72))
    image = open_original(data, ImageLimits(), CONFIG).load()
    assert strip(image, keep_copyright=True, keep_icc=False, animated=False) is image
    assert keep_flags(image, Plan()) == 0


def test_metadata_result_without_metadata_has_no_exif_segment():
    data = photograph(block=PillowImage.Exif(), xmp=None)
    assert b"Exif" not in result(data, "jpeg")
    assert "exif" not in opened(result(data, "webp")).info


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif", "tiff"])
def test_metadata_colour_profile_is_kept_by_option(format_):
    icc = open_profile()
    data = photograph(icc_profile=icc)
    assert opened(result(data, format_, strip_color_profile=False)).info["icc_profile"] == icc
    assert "icc_profile" not in opened(result(data, format_)).info


def open_profile():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class TestXmp:
    @pytest.mark.parametrize(
        "packet",
        [
            b"",
            b"no xml",
            b"<a>",
            XMP.replace(b"dc:creator", b"dc:title").split(b"<dc:rights>")[0],
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF>',
        ],
    )
    def test_without_rights_nothing_is_left(self, packet):
        assert xmp_rights(packet) == b""

    def test_entities_are_not_followed(self, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("the secret")
        packet = (
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}"><!ENTITY b "bomb">]>'.encode()
            + XMP.split(b"?>", 1)[1].replace(b"Ann Author", b"&e;&b;").split(b"<?xpacket")[0]
        )
        assert b"the secret" not in xmp_rights(packet)

    def test_a_packet_of_megabytes_is_dropped(self):
        assert xmp_rights(XMP.replace(b"Ann Author", b"A" * (1 << 20))) == b""

    def test_metadata_licence_as_an_attribute_is_kept(self):
        packet = XMP.replace(b'xmpRights:Marked="True"', b'xmpRights:WebStatement="https://a.example/terms"')
        assert b"https://a.example/terms" in xmp_rights(packet)


class TestIptc:
    def test_bare_records_stay_bare(self):
        kept = iptc_rights(IPTC)
        assert kept == IPTC.replace(iptc(((2, 90), b"Secret City")), b"")

    def test_without_rights_nothing_is_left(self):
        assert iptc_rights(iptc(((2, 90), b"Secret City"))) == b""
        assert iptc_rights(photoshop(iptc(((2, 90), b"Secret City")))) == b""

    @pytest.mark.parametrize("length", range(0, len(photoshop(IPTC)), 3))
    def test_metadata_truncated_block_is_read_to_its_end(self, length):
        kept = iptc_rights(photoshop(IPTC)[:length])
        assert b"Secret City" not in kept
        assert kept == b"" or kept.startswith(b"Photoshop 3.0\0")
