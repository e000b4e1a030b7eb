"""Batch work: many originals at once, by the code that serves one, on this machine or on workers of jobs."""
