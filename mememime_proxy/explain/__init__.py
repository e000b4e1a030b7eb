"""Explanations of URLs: what each part means, and why the proxy would refuse one. The parsers are the proxy's own."""
