"""Shared by both services: server, process, supervisor, health, logs, tokens, and the rules of HTTP requests."""
