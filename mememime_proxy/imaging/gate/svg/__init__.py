"""SVG: read within bounds, sanitised, and its cost estimated, before librsvg sees it."""
