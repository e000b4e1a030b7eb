"""The header gate: what an original is, and whether it may be decoded, before any C code sees it."""
