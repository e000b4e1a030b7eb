"""Builders of URLs."""
