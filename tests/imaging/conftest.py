"""libvips as in a worker: without its cache."""

import pyvips

pyvips.cache_set_max(0)
