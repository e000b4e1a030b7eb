"""NGINX as the CDN tier: its configuration made from the settings, and the purge of its cache."""
