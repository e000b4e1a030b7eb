"""Commands about secrets: keys and tokens."""
