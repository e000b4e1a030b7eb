"""Where the items of a batch come from: manifests, folders, buckets, the resource service, access logs."""
