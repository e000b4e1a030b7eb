"""Parts of the list of settings."""
