"""Confinement of worker processes: Landlock, seccomp, limits."""
