"""How a file gets to the resource service: session, tus, presigned parts, rates."""
