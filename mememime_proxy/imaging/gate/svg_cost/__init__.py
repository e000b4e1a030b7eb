"""What drawing an SVG takes: CPU time and memory, estimated from its elements in linear time, never by expansion.

The figures were measured with librsvg 2.62 and cairo, as libvips calls them: tiles of 2000×2000 pixels, each a
rendering of the whole document.
"""
