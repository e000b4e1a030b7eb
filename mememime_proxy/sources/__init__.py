"""Where originals come from: files below a root, and the web behind an address guard."""
