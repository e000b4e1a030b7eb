"""The OpenAPI description of the resource service."""

import json
from pathlib import Path

import msgspec

from mememime_proxy.errors import AssetNotFoundError
from mememime_proxy.resources.app import ROUTES
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.http.openapi import describe

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


class Query(msgspec.Struct, kw_only=True):
    limit: int = 10


class Body(msgspec.Struct, kw_only=True):
    name: str


async def handler(call):
    raise AssertionError


ROUTE = Route(
    method="POST",
    path="/things/{number:[0-9]{2}}/{rest:.+}",
    handler=handler,
    name="make_thing",
    summary="Makes a thing",
    role=Role.WRITE,
    accepts_tokens=True,
    query=Query,
    body=Body,
    responses={201: Body, 204: None},
    headers=(Header(name="If-Match", description="The version"),),
    response_headers=(Header(name="ETag", description="The version"),),
    errors=(AssetNotFoundError,),
)


def test_description_route_becomes_an_operation():
    document = describe([ROUTE])
    operation = document["paths"]["/things/{number}/{rest}"]["post"]
    assert operation["operationId"] == "make_thing"
    assert operation["security"] == [{"key": []}, {"token": []}]
    assert [(p["name"], p["in"], p["required"]) for p in operation["parameters"]] == [
        ("number", "path", True), ("rest", "path", True), ("limit", "query", False), ("If-Match", "header", False),
    ]  # fmt: skip
    assert operation["parameters"][0]["schema"]["pattern"] == "^(?:[0-9]{2})$"
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Body"}
    assert {"201", "204", "400", "401", "403", "404", "415", "429", "500", "503"} <= set(operation["responses"])
    assert "ETag" in operation["responses"]["201"]["headers"]
    assert "content" not in operation["responses"]["204"]
    assert document["components"]["schemas"]["Body"]["required"] == ["name"]


def test_description_operation_ids_are_unique():
    names = [route.name for route in ROUTES]
    assert len(set(names)) == len(names)


def test_description_committed_file_is_current():
    assert json.loads(COMMITTED.read_text("utf-8")) == json.loads(json.dumps(describe(ROUTES))), "run: make docs"
