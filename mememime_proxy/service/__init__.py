"""Shared by services and client: server, process, supervisor, health, logs, tokens, names of aliases, rules of HTTP."""
