"""Aliases: names of assets, their versions, purges of proxies."""
