"""What jobs take beside what was estimated, for pictures of every kind and plans with every option."""
