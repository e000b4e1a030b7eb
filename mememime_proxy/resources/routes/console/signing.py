"""Signed URLs of previews: the proxy signs them, which alone has the key."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from mememime_proxy.errors import AliasNotFoundError, AssetNotFoundError, ProxyUnavailableError, RequestError, RoleError
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.service.sign_request import SignRequest

_RESOURCES: Final = ("asset://", "alias://")


class PreviewUrl(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A signed URL, or why there is none."""

    url: str = ""
    code: str = ""
    detail: str = ""


class PreviewUrls(msgspec.Struct, kw_only=True):
    """The URLs in the order of the request."""

    urls: list[PreviewUrl]


async def sign(call: Call) -> web.StreamResponse:
    """Have URLs signed."""
    body = await call.json(SignRequest)
    await _check_sources(call, {item.source or body.source for item in body.items})
    answer = await call.services.proxy_client.sign(msgspec.json.encode(body))
    urls = [PreviewUrl(url=each.url, code=each.code, detail=each.detail) for each in answer]
    return json_response(PreviewUrls(urls=urls))


async def _check_sources(call: Call, sources: set[str]) -> None:
    """Raise an error unless the principal may read all sources."""
    principal, services = call.require_principal(), call.services
    if "" in sources:
        raise RequestError("found an item without a source")
    if principal.is_admin:
        return
    if any(not source.startswith(_RESOURCES) for source in sources):
        raise RoleError("this needs the role admin: found a source that is neither alias:// nor asset://")
    digests = {await services.assets.resolve(source) for source in sources}
    if missing := digests - await services.assets.visible(sorted(digests), principal):
        raise AssetNotFoundError(f"there is no asset {min(missing)}")


ROUTES = (
    Route(method="POST", path="/sign", handler=sign, name="sign", summary="Have up to 256 URLs signed",
          role=Role.READ, is_write=False, body=SignRequest, responses={200: PreviewUrls},
          errors=(AssetNotFoundError, AliasNotFoundError, ProxyUnavailableError, RequestError)),
)  # fmt: skip
"""Below API_PREFIX alone."""
