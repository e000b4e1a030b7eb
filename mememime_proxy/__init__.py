"""Mememime: a signed URL in an ``img src``, the right picture back."""

__version__ = "0.1.0"
