"""Boxes of ISO BMFF files (AVIF, HEIC, JPEG XL), and the pictures in them."""
