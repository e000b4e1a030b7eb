"""Caches of the proxy: variants in memory and in the store, originals, URLs; purge and eviction."""
