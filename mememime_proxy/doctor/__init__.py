"""Checks of an installation, for ``mememime doctor``: what each service opens at its start, and what it needs later."""
