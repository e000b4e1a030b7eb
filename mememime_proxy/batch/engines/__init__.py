"""What runs the chunks of a batch: this process, or workers of jobs."""
