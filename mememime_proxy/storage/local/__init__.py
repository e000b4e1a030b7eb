"""A folder as a storage."""
