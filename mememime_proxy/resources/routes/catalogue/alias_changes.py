"""Endpoints of tags, and of changes of many aliases."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import ResourceError
from mememime_proxy.resources.aliases.changes import MAX_TAGS, AliasEdit
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.problem_details import Problem, describe_problem
from mememime_proxy.resources.routes.alias_documents import PresetName, Tag
from mememime_proxy.resources.routes.uploads import AliasText
from mememime_proxy.service.logs import logger

_MAX_EDITS: Final = 500


class TagQuery(msgspec.Struct, kw_only=True):
    """How tags begin, and how many are wanted."""

    prefix: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class TagCount(msgspec.Struct, kw_only=True):
    """A tag, and how many aliases have it."""

    tag: str
    aliases: int


class TagList(msgspec.Struct, kw_only=True):
    """Tags, the most frequent first."""

    tags: list[TagCount]


class AliasPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What becomes of one alias: deleted, or with other tags or another preset; what is not given stays."""

    name: AliasText
    version: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    """The version that it has to be in."""
    delete: bool = False
    add_tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS)] = []
    remove_tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS)] = []
    preset: PresetName | None = None


class AliasPatchList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes of aliases, in any order."""

    aliases: Annotated[list[AliasPatch], Meta(min_length=1, max_length=_MAX_EDITS)]


class PatchOutcome(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The new version of an alias, null where it was deleted; or the error."""

    name: str
    version: int | None = None
    error: Problem | None = None


class PatchOutcomeList(msgspec.Struct, kw_only=True):
    """The outcome of each change, in the order of the request."""

    aliases: list[PatchOutcome]


async def list_tags(call: Call) -> web.StreamResponse:
    """List tags."""
    query = call.query(TagQuery)
    found = await call.services.tags.find(call.require_principal(), query.prefix, query.limit)
    return json_response(TagList(tags=[TagCount(tag=each.tag, aliases=each.aliases) for each in found]))


async def change_aliases(call: Call) -> web.StreamResponse:
    """Change many aliases."""
    body = await call.json(AliasPatchList)
    edits = [
        AliasEdit(
            name=patch.name,
            version=patch.version,
            delete=patch.delete,
            add_tags=tuple(patch.add_tags),
            remove_tags=tuple(patch.remove_tags),
            preset=patch.preset,
        )
        for patch in body.aliases
    ]
    outcomes = await call.services.alias_changes.apply(call.require_principal(), edits)
    return json_response(
        PatchOutcomeList(
            aliases=[_outcome(call, edit.name, found) for edit, found in zip(edits, outcomes, strict=True)]
        )
    )


def _outcome(call: Call, name: str, found: int | ResourceError) -> PatchOutcome:
    if isinstance(found, int):
        return PatchOutcome(name=name, version=found or None)
    logger().warning("alias_change.refused", request_id=call.id, error=found.code, detail=found.detail)
    return PatchOutcome(name=name, error=describe_problem(found, call.id))


ROUTES = (
    Route(
        method="GET",
        path="/tags",
        handler=list_tags,
        name="list_tags",
        summary="List tags with the number of their aliases, the most frequent first",
        role=Role.READ,
        is_private=True,
        query=TagQuery,
        responses={200: TagList},
    ),
    Route(
        method="POST",
        path="/aliases",
        handler=change_aliases,
        name="change_aliases",
        summary="Change the tags or presets of many aliases, or delete them; each succeeds or fails by itself",
        role=Role.WRITE,
        body=AliasPatchList,
        responses={200: PatchOutcomeList},
    ),
)
