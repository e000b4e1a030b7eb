"""Jobs: long work in chunks, whose rows are the truth, and workers that a queue brings the chunks to."""
