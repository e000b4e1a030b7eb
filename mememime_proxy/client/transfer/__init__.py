"""Transfer of a file to the resource service: session, tus, presigned parts, throttling."""
