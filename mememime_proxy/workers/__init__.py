"""Processes that render: the pool as the event loop sees it, the zygote that forks workers, and the workers.

Two sides that meet only in ``wire``. The event loop imports ``pool`` and what it needs (``process``, ``spawner``,
``exits``, ``quarantine``); the other processes run ``zygote`` and ``worker`` and import the pixel code. This package
imports nothing by itself, so that neither side pays for the other.
"""
