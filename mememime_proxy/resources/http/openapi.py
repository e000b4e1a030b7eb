"""The service's description in OpenAPI 3.1, made from the endpoints' records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from mememime_proxy import __version__
from mememime_proxy.errors import (
    DatabaseError,
    MememimeError,
    OverloadError,
    PathError,
    RateError,
    RequestError,
    RoleError,
    StorageTimeoutError,
    StorageUnavailableError,
    UnauthenticatedError,
    UploadTypeError,
)
from mememime_proxy.resources.http.endpoint import JSON_TYPE, Header, Route
from mememime_proxy.resources.http.problem_details import MEDIA_TYPE, Problem
from mememime_proxy.resources.http.router import PARAMETER

_REF = "#/components/schemas/{name}"
_CLOSED: tuple[type[MememimeError], ...] = (UnauthenticatedError, RoleError, RateError)
"""What an endpoint with a role may answer."""
_OPEN: tuple[type[MememimeError], ...] = (
    RequestError,
    MememimeError,
    StorageUnavailableError,
    StorageTimeoutError,
    OverloadError,
    DatabaseError,
)
"""What every endpoint may answer."""


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document, as JSON would have it."""
    routes = [route for route in routes if route.method != "OPTIONS"]
    kinds = _kinds(routes)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schema = dict(zip(kinds, schemas, strict=True))
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


def _kinds(routes: Iterable[Route]) -> list[Any]:
    found: list[Any] = [Problem]
    for route in routes:
        for kind in (route.body, *route.answers.values()):
            if kind is not None and not isinstance(kind, str) and kind not in found:
                found.append(kind)
        if route.query is not None and route.query not in found:
            found.append(route.query)
    return found


def _operation(route: Route, schema: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": _part(pattern)}
                for name, pattern in PARAMETER.findall(route.path)
            ),
            *_query(route, components),
            *({**_header(header), "name": header.name, "in": "header"} for header in route.headers),
        ],
        "responses": _responses(route, schema),
    }
    if route.role is not None:
        operation["security"] = [{"key": []}, *([{"token": []}] if route.tokens else [])]
        operation["description"] = f"Role: {route.role.name.lower()}."
    if route.body is not None:
        content = (
            {route.body: {"schema": {"type": "string", "format": "binary"}}}
            if isinstance(route.body, str)
            else {JSON_TYPE: {"schema": schema[route.body]}}
        )
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _part(pattern: str) -> dict[str, Any]:
    """What a part of a path may be."""
    return {"type": "string", "minLength": 1, **({"pattern": f"^(?:{pattern})$"} if pattern not in {"", ".+"} else {})}


def _query(route: Route, components: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    found = components[route.query.__name__]
    for name, schema in found["properties"].items():
        yield {"name": name, "in": "query", "required": name in found.get("required", ()), "schema": schema}


def _header(header: Header) -> dict[str, Any]:
    return {"description": header.meaning, "required": header.required, "schema": {"type": "string"}}


def _responses(route: Route, schema: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, kind in route.answers.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if isinstance(kind, str):
            response["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}}
        elif kind is not None:
            response["content"] = {JSON_TYPE: {"schema": schema[kind]}}
        if route.answer_headers and status < 300:
            response["headers"] = {header.name: _header(header) for header in route.answer_headers}
        found[str(status)] = response
    errors = {*route.errors, *_OPEN, *(_CLOSED if route.role is not None else ())}
    if route.body is not None and not isinstance(route.body, str):
        errors.add(UploadTypeError)
    if PARAMETER.search(route.path):
        errors.add(PathError)  # where a part of the path is not what it has to be
    by_status: dict[int, list[str]] = {}
    for error in sorted(errors, key=lambda kind: kind.__name__):
        by_status.setdefault(error.status, []).append(error.public)
    for status, texts in sorted(by_status.items()):
        found.setdefault(
            str(status),
            {
                "description": "; ".join(dict.fromkeys(texts)) + ".",
                "content": {MEDIA_TYPE: {"schema": schema[Problem]}},
            },
        )
    return found


def text(routes: Iterable[Route]) -> str:
    """The document as the service gives it out, and as docs/openapi.json has it."""
    return json.dumps(describe(routes), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    from mememime_proxy.resources.app import ROUTES

    (Path(__file__).parents[3] / "docs" / "openapi.json").write_text(text(ROUTES), "utf-8")
