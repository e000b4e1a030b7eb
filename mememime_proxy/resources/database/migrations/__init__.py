"""The steps from an empty database to today's tables, one module each in ``versions``."""
