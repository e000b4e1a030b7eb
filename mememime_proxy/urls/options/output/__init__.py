"""Options of what is read of an original and of how results are written."""
