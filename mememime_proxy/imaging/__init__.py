"""From bytes to pixels and back. Runs in worker processes only; independent of HTTP."""
