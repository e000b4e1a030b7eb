"""HTTP source behind an SSRF guard at the socket."""
