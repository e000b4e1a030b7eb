"""Sources of originals: local files, the web behind an SSRF guard, object storages and the resource service."""
