"""Colour: what the samples of an original mean, how they become sRGB, and what a result says of itself."""
