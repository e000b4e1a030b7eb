"""Originals from the web, behind an address guard at the socket."""
