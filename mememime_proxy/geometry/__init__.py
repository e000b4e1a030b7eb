"""Geometry: sizes, positions and the rounding of imgproxy. Pure functions."""
