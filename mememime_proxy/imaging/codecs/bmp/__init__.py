"""BMP: bitmaps that are coded in runs."""
