"""Uploads: chunks, leases, finalization, ingest."""
