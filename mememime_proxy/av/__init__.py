"""Films and sound: from the bytes of an original to facts and frames. Runs in worker processes, and as functions."""
