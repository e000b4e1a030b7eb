"""Removal of locations and serial numbers from metadata, without a change of a pixel."""
