"""ZIP archives of many assets: what is in one, the names of its files, and its bytes as they are made."""
