"""Originals that Pillow's plugins decode."""
