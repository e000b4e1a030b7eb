"""Endpoints of the catalogue: lists of assets, their aliases and tags, and changes of many aliases."""
