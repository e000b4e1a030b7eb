"""TIFF beyond what libvips reads: samples of any kind, extra channels."""
