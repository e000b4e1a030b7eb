"""What the resource service has: aliases, assets, API keys. For people and scripts, one request at a time."""
