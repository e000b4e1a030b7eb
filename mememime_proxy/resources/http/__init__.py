"""HTTP of the resource service: endpoints, dispatcher, bodies, problem details, OpenAPI."""
