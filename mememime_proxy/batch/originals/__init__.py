"""Commands of `mememime batch` that work on originals in the resource service: facts, verify, import."""
