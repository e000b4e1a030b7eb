"""Shared by services and client: server, process, health, logs, tokens, names of aliases, rules of HTTP."""
