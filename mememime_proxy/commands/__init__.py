"""Commands: one module for each `mememime …`, and the lazy group of them.

The group is in `group` and not here: a package's `__init__` runs whenever one of its modules is imported.
"""
