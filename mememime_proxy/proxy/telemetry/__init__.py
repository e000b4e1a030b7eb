"""Metrics and traces of the proxy."""
