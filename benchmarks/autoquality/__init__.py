"""Autoquality: the photographs that its models are made from, how they are made, and how well they do."""
