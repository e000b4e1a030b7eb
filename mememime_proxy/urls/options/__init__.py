"""The option table, and how it is read and written."""
