"""The service ``mememime proxy``: signed URLs in, pictures out."""
