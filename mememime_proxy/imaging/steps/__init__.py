"""The steps of a render, one operation on pixels a module; ``pipeline`` shows their order."""
