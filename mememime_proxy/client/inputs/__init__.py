"""Where files to upload come from: folders, manifests, buckets."""
