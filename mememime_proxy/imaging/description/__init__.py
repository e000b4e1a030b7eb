"""Descriptions of originals: what their metadata, their structure and their pixels tell."""
