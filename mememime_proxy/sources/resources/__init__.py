"""Originals of the resource service: `alias://` and `asset://`."""
