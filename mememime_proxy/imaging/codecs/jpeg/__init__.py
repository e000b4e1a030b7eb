"""JPEG beside what libvips does: the gain map of an original, and the encoder jpegli."""
