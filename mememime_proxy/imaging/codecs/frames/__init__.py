"""Animations that libvips neither reads nor writes."""
