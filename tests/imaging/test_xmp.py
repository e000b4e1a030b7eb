"""Packets of XMP: what is read of them, and the limits that keep reading linear."""

import pytest

from mememime_proxy.imaging import xmp
from mememime_proxy.imaging.metadata import xmp_rights
from mememime_proxy.imaging.privacy.xmp import without_private

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def packet(inside: str, more: str = "") -> str:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF} {more}>{inside}</rdf:RDF></x:xmpmeta>'


ORDINARY = packet(f'<rdf:Description {DC} dc:rights="(c) Ann"/>')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("padding", ["", " ", " \n\t"])
def test_xmp_is_read_in_each_encoding_of_unicode(encoding, padding):
    root = xmp.parse((padding + ORDINARY + padding).encode(encoding))
    assert root is not None
    assert root.tag == "{adobe:ns:meta/}xmpmeta"


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE x [<!ATTLIST a b CDATA "default">]>' + packet("<a/>"),
        '<!DOCTYPE x [<!ENTITY a "text">]>' + packet("&a;"),
        packet("<a></a>" * (xmp.MAX_TAGS // 2)),
        packet('<rdf:Description xmlns:a="b"/>' * xmp.MAX_NAMESPACES),
        packet("<rdf:Description " + " ".join(f'a{n}=""' for n in range(xmp.MAX_ATTRIBUTES + 1)) + "/>"),
        packet(" " * xmp.MAX_LENGTH),
        packet("<not closed>"),
        "",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_h2_packets_that_cost_more_than_their_bytes_count_as_not_valid(content, encoding):
    """A megabyte of namespaces and descriptions would be 500 million declarations; by default rights are looked for."""
    data = content.encode(encoding)
    assert xmp.parse(data) is None
    assert xmp_rights(data) == b""
    assert without_private(data) == b" " * len(data)


def test_xmp_declared_encoding_hides_nothing():
    declared = b'<?xml version="1.0" encoding="UTF-7"?>' + ORDINARY.encode()
    assert xmp.parse(declared) is not None
    assert xmp.parse(b'<?xml version="1.0" encoding="UTF-7"?>+ADw-' + ORDINARY.encode()[1:]) is None


def test_xmp_trailers_without_an_end_are_not_searched_again_and_again():
    """A search for each of them to the end of the packet would take a minute."""
    content = packet('<rdf:Description xmlns:exif="e" exif:GPSLatitude="1"/>')
    data = (content + "<?p " + "<?xpacket end" * 70_000 + "?>").encode()
    result = without_private(data)
    assert len(result) == len(data)
    assert b"GPSLatitude" not in result


def test_h2_rights_in_many_descriptions_count_as_none():
    """Namespaces in scope are copied for each: 5 KB in a PNG took more than fifteen seconds."""
    namespaces = " ".join(f'xmlns:n{number}="{number}"' for number in range(500))
    rights = f'<rdf:Description {DC} dc:rights="(c) Ann"/>'
    assert b"(c) Ann" in xmp_rights(packet(rights + "<rdf:Description/>" * 100, namespaces).encode())
    assert xmp_rights(packet(rights + "<rdf:Description/>" * 200, namespaces).encode()) == b""


def test_rights_of_parts_of_a_picture_are_not_those_of_the_picture():
    region = f'<rdf:Description {DC}><a><rdf:Description dc:rights="region"/></a></rdf:Description>'
    assert xmp_rights(packet(region).encode()) == b""
