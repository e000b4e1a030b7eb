"""Decoded pixels in memory files, from which later renders of the same original begin."""
