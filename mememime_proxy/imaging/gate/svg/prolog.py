"""The beginning of an SVG: its compression, its encoding, and the entities of its document type.

XML 1.0 (fifth edition), 2.8 and 4; RFC 1952 for a drawing in gzip (``.svgz``).
"""

from __future__ import annotations

import re
import zlib

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.formats.sniff import XML_DOCUMENT_TYPE, XML_PROLOG
from mememime_proxy.imaging.gate.header import Buffer

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""")
_UNICODE = re.compile(r"utf-?(?:8|16(?:be|le)?)|us-ascii|ascii", re.IGNORECASE)
_OTHER_ENCODINGS = re.compile(
    r"iso-?8859-\d{1,2}|latin-?1|(?:windows|cp)-?125\d|cp(?:437|850|852|866)|koi8-[ru]|mac-?roman|macintosh|gb2312|gbk"
    r"|gb18030|big5(?:-hkscs)?|shift[_-]?jis|sjis|windows-31j|euc-(?:jp|kr)|iso-2022-jp|tis-620",
    re.IGNORECASE,
)
_CODECS = {"windows-31j": "cp932", "macintosh": "mac-roman"}
_NOT_DECLARED = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ENTITY = re.compile(rb"""<!ENTITY\s+([A-Za-z_][\w.-]{0,63})\s+(?:"([^"<%]*+)"|'([^'<%]*+)')\s*>""")
_CHARACTER = re.compile(rb"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
_MARKUP = frozenset("<&%")

MAX_SUBSET_LENGTH = 256 * 1024
"""Bytes of a document type's own declarations: enough for the name spaces of drawing programs and their comments."""
MAX_ENTITIES = 1000
MAX_GROWTH = 4
"""Times its length that a drawing may have once its entities are replaced, and ``MIN_GROWTH`` bytes."""
MIN_GROWTH = 1024 * 1024


def decode(data: Buffer, limit: int) -> bytes:
    """Return the text of a drawing, inflated and in UTF-8.

    Of other encodings there is a list: one in which markup does not look like ASCII would hide it from all that counts.

    Raises LimitError for one of more than ``limit`` bytes, and BrokenImageError.
    """
    text = _inflate(data, limit) if bytes(data[:2]) == _GZIP else data
    if len(text) > limit:
        raise LimitError(f"SVG of more than {limit} bytes")
    text = bytes(text)
    if text[:2] in _UTF16:
        return _DECLARATION.sub(b"", _transcode(text, "utf-16"), count=1)
    text = text.removeprefix(_BOM)
    declaration = _DECLARATION.match(text)
    named = _ENCODING.search(declaration[0]) if declaration else None
    if declaration is None or named is None:
        return text
    encoding = named[1].decode()
    if _UNICODE.fullmatch(encoding):
        return text if encoding.lower() == "utf-8" else text[declaration.end() :]
    if not _OTHER_ENCODINGS.fullmatch(encoding):
        raise BrokenImageError(f"SVG in the encoding {encoding}, which is not known")
    return _transcode(text[declaration.end() :], _CODECS.get(encoding.lower(), encoding))


def _transcode(text: bytes, encoding: str) -> bytes:
    try:
        return text.decode(encoding).encode()
    except (UnicodeError, LookupError) as error:
        raise BrokenImageError(f"SVG that is not {encoding}") from error


def _inflate(data: Buffer, limit: int) -> bytes:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise BrokenImageError(f"SVG in gzip that is damaged: {error}") from None
    if not stream.eof and len(text) <= limit:
        raise BrokenImageError("SVG in gzip that ends too soon")
    return text


def replace_document_type(text: bytes, limit: int) -> tuple[bytes, bool]:
    """Return the drawing with a document type that declares entities of plain text and nothing else, or without one.

    And whether there are entities.

    Raises LimitError where the drawing would have more than ``limit`` bytes once entities are replaced, and
    BrokenImageError for other entities: external ones, parameters, those with markup or with other entities in them.
    """
    prolog = XML_PROLOG.match(text)
    doctype = XML_DOCUMENT_TYPE.match(text, prolog.end() if prolog else 0)
    if doctype is None:
        return text, False
    entities = _read_entities(doctype["subset"] or b"")
    head, body = text[: doctype.start()], text[doctype.end() :]
    if not entities:
        return head + body, False
    reference = re.compile(rb"&(" + b"|".join(re.escape(name) for name in entities) + rb");")
    length = len(text) + sum(len(entities[match[1]]) for match in reference.finditer(body))
    limit = min(limit, MAX_GROWTH * len(text) + MIN_GROWTH)
    if length > limit:
        raise LimitError(f"SVG of more than {limit} bytes once its entities are replaced")
    declarations = b"".join(b'<!ENTITY %b "%b">' % entity for entity in entities.items())
    return b"%b<!DOCTYPE svg [%b]>%b" % (head, declarations, body), True


def _read_entities(subset: bytes) -> dict[bytes, bytes]:
    if len(subset) > MAX_SUBSET_LENGTH:
        raise LimitError(f"SVG with a document type of {len(subset)} bytes")
    subset = _NOT_DECLARED.sub(b"", subset)
    entities: dict[bytes, bytes] = {}
    for match in _ENTITY.finditer(subset):
        value = match[2] if match[2] is not None else match[3]
        if b"&" in _CHARACTER.sub(_plain_character, value):
            raise BrokenImageError("SVG with entities that are not plain text")
        entities.setdefault(match[1], value.replace(b'"', b"&#34;"))
    if b"<!ENTITY" in _ENTITY.sub(b"", subset):
        raise BrokenImageError("SVG with entities that are not plain text")
    if len(entities) > MAX_ENTITIES:
        raise LimitError(f"SVG with more than {MAX_ENTITIES} entities")
    return entities


def _plain_character(reference: re.Match[bytes]) -> bytes:
    """Return nothing for a reference to a character, itself for one that is markup once the entity is declared."""
    code = int(reference[1]) if reference[1] else int(reference[2], 16)
    return reference[0] if code > 0x10FFFF or chr(code) in _MARKUP else b""
