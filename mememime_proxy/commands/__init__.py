"""Commands: one module for each `mememime …` (those of the extra `client` in a folder of theirs), and the lazy group.

The group is in `group` and not here: a package's `__init__` runs whenever one of its modules is imported.
"""
