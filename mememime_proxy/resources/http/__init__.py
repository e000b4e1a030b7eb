"""HTTP of the resource service: endpoints, dispatcher, router, bodies, problem details, OpenAPI."""
