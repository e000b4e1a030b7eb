"""Containers by their first bytes, and what is none: pictures, playlists, texts."""

import pytest

from mememime_proxy.errors import MissingDecoderError
from mememime_proxy.formats import containers
from mememime_proxy.formats.containers import CONTAINERS, cannot_read_container, sniff_container
from mememime_proxy.formats.sniff import sniff


def box(kind, brand, *compatible):
    return (16 + 4 * len(compatible)).to_bytes(4, "big") + kind + brand + bytes(4) + b"".join(compatible)


def ebml(doc_type):
    return b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doc_type)]) + doc_type + bytes(40)


HEADS = {
    "mp4": [box(b"ftyp", b"isom", b"isom", b"avc1"), box(b"ftyp", b"mp42"), box(b"ftyp", b"M4V ")],
    "mov": [box(b"ftyp", b"qt  "), box(b"moov", b"mvhd"), bytes(4) + b"wide" + bytes(8)],
    "m4a": [box(b"ftyp", b"M4A ")],
    "3gp": [box(b"ftyp", b"3gp4"), box(b"ftyp", b"3g2a")],
    "mkv": [ebml(b"matroska")],
    "webm": [ebml(b"webm")],
    "ts": [(b"\x47" + bytes(187)) * 3],
    "mpg": [b"\x00\x00\x01\xba\x44"],
    "avi": [b"RIFF\x00\x10\x00\x00AVI LIST"],
    "flv": [b"FLV\x01\x05"],
    "ogg": [b"OggS\x00\x02"],
    "mp3": [b"ID3\x04", b"\xff\xfb\x90\x64", b"\xff\xf3\x80\xc4"],
    "wav": [b"RIFF\x00\x10\x00\x00WAVEfmt "],
    "flac": [b"fLaC\x00"],
    "aac": [b"\xff\xf1\x50\x80", b"\xff\xf9\x50\x80"],
    "aiff": [b"FORM\x00\x00\x10\x00AIFF", b"FORM\x00\x00\x10\x00AIFC"],
    "caf": [b"caff\x00\x01\x00\x00"],
    "amr": [b"#!AMR\n\x3c", b"#!AMR-WB\n"],
}
OTHERS = [
    b"",
    b"\xff",
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\x00\x10\x00\x00WEBPVP8 ",
    b"II*\x00\x08\x00\x00\x00",
    b"MM\x00*\x00\x00\x00\x08",
    b"GIF89a",
    b"BM\x36\x00",
    b"<svg xmlns='http://www.w3.org/2000/svg'>",
    box(b"ftyp", b"avif"),
    box(b"ftyp", b"avis", b"avis", b"msf1", b"iso8"),
    box(b"ftyp", b"heic", b"mif1"),
    box(b"ftyp", b"mif1", b"heic"),
    b"\x00\x00\x00\x0cJXL \r\n\x87\n",
    b"#EXTM3U\n#EXT-X-VERSION:3\n",
    b"ffconcat version 1.0\nfile a\n",
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>",
    ebml(b"docbook"),
    (b"\x47" + bytes(187)) * 2,
    b"\xff\xf6\x90\x64",
    b"\xff\xff\xff\xff",
]


@pytest.mark.parametrize(("name", "head"), [(name, head) for name in HEADS for head in HEADS[name]])
def test_sniff_container_knows_it_by_its_first_bytes(name, head):
    assert sniff_container(head) == name
    assert sniff(head) is None, "a film is no picture"


@pytest.mark.parametrize("head", OTHERS)
def test_sniff_container_takes_nothing_else_for_one(head):
    assert sniff_container(head) is None


def test_containers_all_have_a_head():
    assert set(HEADS) == set(CONTAINERS)


def test_folder_of_the_name_is_no_engine(monkeypatch, tmp_path):
    (tmp_path / "folder_of_the_name").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(containers, "MODULE", "folder_of_the_name")
    assert not containers.is_engine_installed()


def test_error_names_the_extra():
    error = cannot_read_container("mp4")
    assert isinstance(error, MissingDecoderError)
    assert error.status == 422
    assert "extra" in error.detail
    assert f"[{containers.EXTRA}]" in error.detail or f"'{containers.EXTRA}'" in error.detail
