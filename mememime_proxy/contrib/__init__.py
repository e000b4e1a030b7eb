"""Helpers for web frameworks: storage, template tags and widgets. They ask the services by HTTP."""
