"""Options of descriptions."""
