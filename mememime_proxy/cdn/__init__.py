"""NGINX as the CDN tier: its configuration from the settings, and the purge of its cache."""
