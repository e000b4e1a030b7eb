"""The XML of an SVG as a tree, within bounds of bytes, elements and depth."""

from __future__ import annotations

import re

from lxml import etree

from mememime_proxy.errors import BrokenImageError, LimitError, UnknownFormatError
from mememime_proxy.imaging.gate.header import Buffer
from mememime_proxy.imaging.gate.svg import prolog

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
XLINK_NAMESPACE = "http://www.w3.org/1999/xlink"
SVG = f"{{{SVG_NAMESPACE}}}"
HREF = "href"
XLINK_HREF = f"{{{XLINK_NAMESPACE}}}href"

MAX_ELEMENTS = 150_000
"""librsvg needs about ten microseconds and 1.3 KiB for each before anything is drawn."""
MAX_ATTRIBUTES = 1_000
"""Of one element. libxml2 looks for an attribute from the first one on, so that removing all is quadratic."""
MAX_DEPTH = 256
_MAX_MARKUP = 2 * MAX_ELEMENTS + 100_000
"""Signs that open markup: start and end of each element, comments and more."""
_MAX_ENTITY_GROWTH = 16
"""Times its length that an unlimited drawing may have once entities are replaced."""
_ROOT = re.compile(rb"<svg(?=[\s/>])")


def read(data: Buffer, max_length: int, *, unlimited: bool = False) -> tuple[etree._Element, bytes]:
    """Return the root of a drawing, and its text without compression, document type and entities.

    ``unlimited``: it may have any number of bytes and elements.
    Raises UnknownFormatError for other XML, LimitError and BrokenImageError.
    """
    limit = max(max_length, _MAX_ENTITY_GROWTH * len(data)) if unlimited else max_length
    decoded = prolog.decode(data, limit)
    text, entities = prolog.replace_document_type(decoded, limit)
    if not unlimited and text.count(b"<") > _MAX_MARKUP:
        raise LimitError(f"SVG with more than {MAX_ELEMENTS} elements")
    root = _parse(text, unlimited=unlimited)
    if root.getroottree().docinfo.internalDTD is not None and not entities:
        raise BrokenImageError("SVG with a document type where none is looked for")
    if root.tag == "svg":
        # Without a name space, as some programs leave it out, nothing would be drawn.
        text = _ROOT.sub(f'<svg xmlns="{SVG_NAMESPACE}"'.encode(), text, count=1)
        root = _parse(text, unlimited=unlimited)
    if root.tag != f"{SVG}svg":
        raise UnknownFormatError("XML that is not an SVG")
    _check_size(root, unlimited=unlimited)
    return root, serialise(root) if entities else text


def serialise(root: etree._Element) -> bytes:
    """Return the tree in UTF-8, without document type."""
    return etree.tostring(root, encoding="utf-8", with_tail=False)


def add_style(root: etree._Element, css: str) -> None:
    """Make a style sheet the first child of a drawing."""
    element = etree.Element(f"{SVG}style")
    element.text = css
    root.insert(0, element)


def reference_of(element: etree._Element) -> str:
    """Return what an element refers to by ``href``."""
    return (element.get(HREF) or element.get(XLINK_HREF) or "").strip()


def _parse(text: bytes, *, unlimited: bool) -> etree._Element:
    """Return the root of a tree without comments and processing instructions."""
    parser = etree.XMLParser(
        resolve_entities="internal",  # type: ignore[arg-type]  # the stubs are older than the value
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=unlimited,
    )
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise BrokenImageError(f"SVG that is not well-formed: {error}") from None


def _check_size(root: etree._Element, *, unlimited: bool) -> None:
    """Raise LimitError for elements or attributes too many, or too deep, which libxml2 refuses unless unlimited."""
    if not unlimited:
        attributes = [len(element.attrib) for element in root.iter(etree.Element)]
        if max(attributes) > MAX_ATTRIBUTES:
            raise LimitError(f"SVG with an element of more than {MAX_ATTRIBUTES} attributes")
        if len(attributes) > MAX_ELEMENTS:
            raise LimitError(f"SVG with more than {MAX_ELEMENTS} elements")
        return
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise LimitError(f"SVG with elements in more than {MAX_DEPTH} others")
