"""Authentication and permissions: API keys, upload tokens, rate limits, quotas."""
