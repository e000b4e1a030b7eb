"""The OpenAPI 3.1 description of the service, made from the records of its endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from mememime_proxy import __version__
from mememime_proxy.errors import (
    DatabaseError,
    MememimeError,
    OverloadError,
    PathError,
    RateError,
    ReadOnlyError,
    RequestError,
    RoleError,
    StorageTimeoutError,
    StorageUnavailableError,
    UnauthenticatedError,
    UploadTypeError,
)
from mememime_proxy.resources.http.call import JSON_TYPE
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.http.problem_details import MEDIA_TYPE, Problem
from mememime_proxy.resources.http.router import PARAMETER

_REF = "#/components/schemas/{name}"
_ERRORS_WITH_ROLE: tuple[type[MememimeError], ...] = (UnauthenticatedError, RoleError, RateError)
"""Errors of every endpoint with a role."""
_ERRORS: tuple[type[MememimeError], ...] = (
    RequestError,
    MememimeError,
    StorageUnavailableError,
    StorageTimeoutError,
    OverloadError,
    DatabaseError,
)
"""Errors of every endpoint."""


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the document as Python values of JSON."""
    routes = [route for route in routes if route.method != "OPTIONS"]
    types = _schema_types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schema, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mememime resource service",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "token": {"type": "http", "scheme": "bearer", "description": "An upload token."},
            },
        },
    }


def _schema_types(routes: Iterable[Route]) -> list[Any]:
    types: list[Any] = [Problem]
    for route in routes:
        for kind in (route.body, *route.responses.values()):
            if kind is not None and not isinstance(kind, str) and kind not in types:
                types.append(kind)
        if route.query is not None and route.query not in types:
            types.append(route.query)
    return types


def _operation(route: Route, schema: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": _parameter_schema(pattern)}
                for name, pattern in PARAMETER.findall(route.path)
            ),
            *_query_parameters(route, components),
            *({**_header(header), "name": header.name, "in": "header"} for header in route.headers),
        ],
        "responses": _responses(route, schema),
    }
    if route.role is not None:
        operation["security"] = [{"key": []}, *([{"token": []}] if route.accepts_tokens else [])]
        operation["description"] = f"Role: {route.role.name.lower()}."
    if route.body is not None:
        content = (
            {route.body: {"schema": {"type": "string", "format": "binary"}}}
            if isinstance(route.body, str)
            else {JSON_TYPE: {"schema": schema[route.body]}}
        )
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter_schema(pattern: str) -> dict[str, Any]:
    """Return the schema of a parameter in a path."""
    return {"type": "string", "minLength": 1, **({"pattern": f"^(?:{pattern})$"} if pattern not in {"", ".+"} else {})}


def _query_parameters(route: Route, components: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    query = components[route.query.__name__]
    for name, schema in query["properties"].items():
        yield {"name": name, "in": "query", "required": name in query.get("required", ()), "schema": schema}


def _header(header: Header) -> dict[str, Any]:
    return {"description": header.description, "required": header.required, "schema": {"type": "string"}}


def _responses(route: Route, schema: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in route.responses.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(kind, str):
            response["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}}
        elif kind is not None:
            response["content"] = {JSON_TYPE: {"schema": schema[kind]}}
        if route.response_headers and status < 300:
            response["headers"] = {header.name: _header(header) for header in route.response_headers}
        responses[str(status)] = response
    errors = {*route.errors, *_ERRORS, *(_ERRORS_WITH_ROLE if route.role is not None else ())}
    if route.body is not None and not isinstance(route.body, str):
        errors.add(UploadTypeError)
    if route.writes:
        errors.add(ReadOnlyError)
    if PARAMETER.search(route.path):
        errors.add(PathError)  # for a parameter that does not match
    by_status: dict[int, list[str]] = {}
    for error in sorted(errors, key=lambda kind: kind.__name__):
        by_status.setdefault(error.status, []).append(error.public)
    for status, texts in sorted(by_status.items()):
        responses.setdefault(
            str(status),
            {
                "description": "; ".join(dict.fromkeys(texts)) + ".",
                "content": {MEDIA_TYPE: {"schema": schema[Problem]}},
            },
        )
    return responses


def to_json(routes: Iterable[Route]) -> str:
    """Return the document as the service serves it, and as it is in docs/openapi.json."""
    return json.dumps(describe(routes), indent=1, sort_keys=True) + "\n"
