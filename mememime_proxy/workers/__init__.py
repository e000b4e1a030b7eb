"""Worker processes that render: the pool, the zygote that forks workers, and the workers.

``parent`` runs in the event loop's process, ``child`` in the others, with the pixel code; both use ``wire``.
This package imports nothing by itself, so that neither side pays for the other.
"""
