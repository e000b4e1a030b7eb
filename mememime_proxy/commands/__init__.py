"""Commands: one module for each `mememime …`; `group` loads them when they are used."""
