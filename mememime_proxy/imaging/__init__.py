"""From bytes to pixels and back. Runs in worker processes only; knows nothing of HTTP."""
