"""Disks that are full or cannot be written; only root may mount them."""

from tests.support.mounts import read_only_disk, small_disk

__all__ = ["read_only_disk", "small_disk"]
