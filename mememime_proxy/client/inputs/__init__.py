"""Inputs: files of folders, patterns, lists, manifests and buckets."""
