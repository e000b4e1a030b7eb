"""Decoders and encoders: which there are, load and save."""
