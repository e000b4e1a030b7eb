"""Retries, budgets, breakers and hedged reads."""
