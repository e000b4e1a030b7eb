"""Objects in pictures: faces."""
