"""Rotation and mirroring of images."""

from __future__ import annotations

import pyvips

from mememime_proxy.geometry.geometry import Rotation


def rotate(image: pyvips.Image, angle: int) -> pyvips.Image:
    """Return the image rotated clockwise by 0, 90, 180 or 270 degrees."""
    return image.rot(f"d{angle}") if angle else image


def mirror(image: pyvips.Image, *, horizontal: bool = False, vertical: bool = False) -> pyvips.Image:
    """Return the image with left and right, or top and bottom, exchanged."""
    if horizontal:
        image = image.flip("horizontal")
    return image.flip("vertical") if vertical else image


def rotate_upright(image: pyvips.Image, rotation: Rotation) -> pyvips.Image:
    """Return a stored image as it is meant to be seen."""
    return mirror(rotate(image, rotation.angle), horizontal=rotation.flip)
