"""Derivatives of films and sound, made by workers of jobs."""
