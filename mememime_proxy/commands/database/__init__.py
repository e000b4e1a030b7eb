"""Commands of the resource service's database."""
