"""Endpoints for operators: the state of both services, purges, and who changed what."""
