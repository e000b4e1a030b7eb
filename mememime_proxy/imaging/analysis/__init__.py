"""What is found out about an original: facts, placeholders, lossless repacking."""
