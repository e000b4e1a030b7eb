"""Damaged originals: bytes that decoders can show what is left of, and proof that an upload is whole."""
