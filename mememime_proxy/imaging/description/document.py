"""The description of an original: what its header, its metadata and, where that is wanted, its pixels tell."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import Any, Final

from mememime_proxy.cost import Approve, approve_any
from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import FIRST_PAGE
from mememime_proxy.formats.output_rules import NOBODY, OriginalPolicy, SigningIdentity
from mememime_proxy.imaging.codecs.load import OriginalImage, open_original
from mememime_proxy.imaging.cost.estimate import estimate_decoding
from mememime_proxy.imaging.description.blocks import MetadataBlocks, metadata_blocks
from mememime_proxy.imaging.description.exif_text import exif_texts
from mememime_proxy.imaging.description.iptc_fields import iptc_fields, photoshop_fields
from mememime_proxy.imaging.description.pixel_facts import PixelFacts
from mememime_proxy.imaging.description.xmp_properties import xmp_properties
from mememime_proxy.imaging.gate.header import Buffer
from mememime_proxy.imaging.pages import check_hashsum, chosen_pages, from_page
from mememime_proxy.imaging.privacy.fields import reduce_block
from mememime_proxy.imaging.provenance.reading import manifest_of
from mememime_proxy.imaging.results import check_size, upright_size
from mememime_proxy.imaging.vips_errors import run_job
from mememime_proxy.plan import Plan, RenderConfig

MAX_PAGES: Final = 1000
"""Frames or pages that are counted."""


def describe(
    data: Buffer,
    plan: Plan,
    config: RenderConfig,
    approve: Approve = approve_any,
    file_size: int = 0,
    identity: SigningIdentity = NOBODY,
) -> dict[str, Any]:
    """Return what the plan's ``info`` wants to be told, in the order of the documentation.

    What the original does not have is left out. ``approve`` is called with the estimate of the cost before a pixel is
    decoded. ``file_size``: bytes of the file where ``data`` are only its first ones; 0 = all of them.
    ``identity``: whose issuers are trusted.
    Raises ImageError where the gate refuses the original, or its pixels cannot be decoded.
    """
    return run_job(partial(_describe, data, plan, config, approve, file_size, identity))


def _describe(
    data: Buffer, plan: Plan, config: RenderConfig, approve: Approve, file_size: int, identity: SigningIdentity
) -> dict[str, Any]:
    wanted = plan.info or InfoFields()
    check_hashsum(data, plan.hashsum)
    counts = wanted.pages_number or plan.pages != FIRST_PAGE
    limits = replace(plan.limits, max_animation_frames=MAX_PAGES) if counts else plan.limits
    original = open_original(from_page(data, plan.pages.first), limits, config, page=plan.pages.first)
    header = original.header
    document: dict[str, Any] = {}
    if wanted.size:
        document["size"] = file_size or len(memoryview(data))
    if wanted.format:
        document |= {"format": original.format, "mime_type": FORMATS[original.format].mime}
    if wanted.dimensions:
        width, height = upright_size(original)
        document |= {"width": width, "height": height, "orientation": header.orientation}
    if wanted.exif or wanted.iptc or wanted.xmp:
        document |= _metadata(_blocks(data, original, plan, file_size), wanted)
    facts = PixelFacts(original, plan, config, wanted)
    if wanted.needs_pixels or plan.objects.classify:
        if original.vector:
            original.check_cost(1)
        else:
            check_size(header.width, header.height, 1, plan.limits)
        # The frames in front of the one that is looked at are decoded, too.
        frames = 1 + chosen_pages(header, plan.pages)[0]
        nets = wanted.detect_objects + bool(plan.objects.classify)
        approve(estimate_decoding(replace(header, pages=frames), len(memoryview(data)), nets))
        document |= facts.contents()
        document |= facts.structure()
    if wanted.pages_number:
        document["pages_number"] = header.pages
    if wanted.alpha:
        document["alpha"] = facts.alpha()
    if wanted.crop:
        document["crop"] = facts.crop()
    document |= facts.colors()
    document |= facts.hashes()
    if wanted.hashsums:
        document["hashsums"] = {name: hashlib.new(name, data).hexdigest() for name in wanted.hashsums}
    manifest = {"c2pa": manifest_of(data, original.format, identity)} if wanted.c2pa else {}
    return document | facts.previews() | manifest


def _blocks(data: Buffer, original: OriginalImage, plan: Plan, file_size: int) -> MetadataBlocks:
    """Return the metadata, without what is private where the operator keeps that back."""
    # Of a drawing, what is described is the file as it came: sanitising takes its metadata out.
    source = data if original.vector else original.data
    blocks = metadata_blocks(memoryview(source), original.format)
    if blocks.is_cut and file_size:
        raise BrokenImageError("metadata behind the first bytes of the file")
    if plan.original_policy is not OriginalPolicy.ALLOW:
        blocks.exif = reduce_block("exif-data", bytes(blocks.exif))
        blocks.xmp = reduce_block("xmp-data", blocks.xmp)
        blocks.iptc = reduce_block("iptc-data", blocks.iptc)
    return blocks


def _metadata(blocks: MetadataBlocks, wanted: InfoFields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if wanted.exif:
        found["exif"] = exif_texts(blocks.exif, canonical=wanted.canonical_names)
    if wanted.iptc:
        found["iptc"] = iptc_fields(blocks.iptc)
        found["photoshop"] = photoshop_fields(blocks.photoshop)
    if wanted.xmp:
        found["xmp"] = xmp_properties(blocks.xmp)
    return {name: value for name, value in found.items() if value}
