"""Commands about URLs: sign, explain, purge."""
