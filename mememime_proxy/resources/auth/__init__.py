"""Who calls and what they may: API keys, upload tokens, rates, quotas."""
