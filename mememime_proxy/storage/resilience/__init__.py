"""Retries with a budget, circuit breakers and hedged reads."""
