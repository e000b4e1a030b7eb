"""Colour as numbers: primaries, transfer functions, the light of HDR. Pure arithmetic, for pictures and films alike."""
