"""Requests of the resource service to the proxy, for what only the proxy can do: a token signs each body."""
