"""C2PA manifests (Content Credentials): what a file says of its origin and of what was done to it, signed."""
