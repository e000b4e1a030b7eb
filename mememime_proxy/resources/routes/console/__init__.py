"""Endpoints of the console: its page and files, sessions, signed previews."""
