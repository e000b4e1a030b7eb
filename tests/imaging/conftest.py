"""libvips as in a worker: nothing comes out of its cache."""

import pyvips

pyvips.cache_set_max(0)
