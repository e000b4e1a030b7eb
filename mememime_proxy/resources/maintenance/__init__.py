"""Maintenance: cleanup of uploads, reconciliation of database and storage, scrubbing."""
