"""Routes of the resource service."""
