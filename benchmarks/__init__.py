"""Measures this server beside bare libvips and its peers: ``python -m benchmarks --help``."""
