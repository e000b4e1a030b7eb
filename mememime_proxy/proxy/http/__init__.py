"""HTTP of the proxy: routes, headers, negotiation, responses."""
