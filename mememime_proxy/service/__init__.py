"""What both services share: server, process, logs, tokens."""
