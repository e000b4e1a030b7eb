"""The table of options, and explanations of URLs: the proxy makes them, which alone has the keys."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.console.option_documents import option_documents
from mememime_proxy.errors import ProxyUnavailableError, RequestError, error_classes
from mememime_proxy.resources.aliases.proxy_client import ProxyAnswer
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route

_MOST_CAUSES: Final = 8


class ExplanationRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A URL, the `Accept` header of the client, and whether the proxy is asked for it, too."""

    url: Annotated[str, Meta(min_length=1, max_length=32768)]
    accept: Annotated[str, Meta(max_length=1024)] = ""
    ask: bool = False


class ErrorParagraph(msgspec.Struct, kw_only=True):
    """What docs/errors.md says of an error."""

    code: str
    cause: str
    remedy: str


class ExplanationAnswer(msgspec.Struct, kw_only=True):
    """As `mememime explain --json`; the answer of the proxy, and the errors that such an answer stands for."""

    explanation: dict[str, Any]
    answer: ProxyAnswer | None
    errors: list[ErrorParagraph]


async def explain(call: Call) -> web.StreamResponse:
    """Explain a URL."""
    body = await call.json(ExplanationRequest)
    principal, proxy = call.require_principal(), call.services.proxy_client
    headers = {"Accept": body.accept} if body.accept else {}
    explanation = await proxy.explain(body.url, headers, is_trusted=principal.is_admin)
    answer = await proxy.get(_target(explanation), headers) if body.ask else None
    return json_response(
        ExplanationAnswer(explanation=explanation, answer=answer, errors=_paragraphs(explanation["refusal"], answer))
    )


async def list_options(_call: Call) -> web.StreamResponse:
    """List the options of URLs."""
    return json_response({"options": option_documents()})


def _target(explanation: dict[str, Any]) -> str:
    """Return the URL without its address: the proxy that is asked is that of the settings."""
    ends = [part["end"] for part in explanation["parts"] if part["kind"] == "address"]
    target: str = explanation["url"][max(ends, default=0) :]
    return target


def _paragraphs(refusal: dict[str, Any] | None, answer: ProxyAnswer | None) -> list[ErrorParagraph]:
    """Return the errors of an explanation; of an answer alone, those that have its status and its text."""
    classes = error_classes().values()
    if refusal is not None:
        found = [each for each in classes if each.code == refusal["code"]]
    elif answer is not None and answer.status >= 400:
        text = answer.text.strip()
        found = [each for each in classes if each.status == answer.status and each.public == text]
    else:
        found = []
    return [
        ErrorParagraph(code=each.code, cause=inspect.cleandoc(each.__doc__ or ""), remedy=each.remedy)
        for each in found[:_MOST_CAUSES]
    ]


ROUTES = (
    Route(method="POST", path="/explain", handler=explain, name="explain", summary="Explain a URL", role=Role.READ,
          is_write=False, body=ExplanationRequest, responses={200: ExplanationAnswer},
          errors=(ProxyUnavailableError, RequestError)),
    Route(method="GET", path="/options", handler=list_options, name="list_options", summary="List the options of URLs",
          role=Role.READ, responses={200: dict[str, Any]}),
)  # fmt: skip
"""Below API_PREFIX alone."""
