"""From a plan to a variant: keys, source, render, fallback."""
