"""PSD: the picture of all layers, as Photoshop merged it."""

from __future__ import annotations

import struct

import pyvips
from PIL.PsdImagePlugin import PsdImageFile

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.external_decoders import attach
from mememime_proxy.imaging.codecs.pillow.plugin import decode
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.gate.psd import MergedPicture, read_document

_CHANNELS_AT = 12
_NO_SECTION = bytes(4)


def read_psd(data: Buffer, header: ImageHeader) -> pyvips.Image:
    """Return the merged picture with its ICC profile. Raises BrokenImageError or LimitError."""
    view = memoryview(data)
    try:
        merged = read_document(view)
    except struct.error as error:
        raise BrokenImageError("PSD that ends too soon") from error
    image = decode(PsdImageFile, _without_layers(view, merged), header)
    if merged.profile is not None:
        image = image.copy()
        attach(image, icc=bytes(view[slice(*merged.profile)]), exif=None, xmp=None)
    return image


def _without_layers(view: memoryview, merged: MergedPicture) -> bytes:
    """Return a file of the merged picture alone: no resources, no layers, no channels but those that are shown.

    Pillow takes lengths of rows in further channels for samples.
    """
    head = bytearray(view[: merged.colors[1]])
    struct.pack_into(">H", head, _CHANNELS_AT, merged.channels)
    compression = view[merged.start : merged.start + 2]
    lengths = view[merged.start + 2 : merged.rows]
    lengths = lengths[: len(lengths) // merged.stored_channels * merged.channels]
    return b"".join((head, _NO_SECTION, _NO_SECTION, compression, lengths, view[merged.rows :]))
