"""Responses of the service, and the problems that they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any

from mememime_proxy.client.errors import AnswerError, ClientError
from mememime_proxy.client.transfer.service_url import CHECK_SERVER
from mememime_proxy.errors import TYPE_BASE

TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """A response of the service, read completely."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body. Raises ClientError for another body: this is no resource service."""
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise ClientError(
                f"{self.url} is no resource service: it answered {self.status} with {self._describe_body()};"
                f" {CHECK_SERVER}"
            )
        return body

    def _describe_body(self) -> str:
        """Return the type and the start of a body that is not JSON, in one line."""
        if not self.body:
            return "an empty body"
        start = " ".join(self.body[:400].decode("utf-8", "replace").split())[:100]
        return f"{self.headers.get('Content-Type', 'a body without a type')}: {start!r}"

    def redirect_error(self) -> ClientError:
        """Return the error of a response that sends elsewhere: a key is not sent to another server unasked."""
        target = self.headers.get("Location", "")
        return ClientError(
            f"{self.url} answered {self.status}"
            + (f", a redirect to {target}; name that address, if it is the service's" if target else "")
            + f"; {CHECK_SERVER}"
        )

    def to_error(self) -> AnswerError:
        """Return the problem of the response as an error."""
        try:
            return problem_error(self.status, json.loads(self.body))
        except (ValueError, TypeError, KeyError, RecursionError):
            phrase = responses.get(self.status, "")
            return AnswerError(self.status, phrase, self._describe_body() if self.body else "")


def problem_error(status: int, problem: Any) -> AnswerError:
    """Return a problem (RFC 9457) as an error. Raises TypeError and KeyError for what is none."""
    title, detail = str(problem["title"]), str(problem.get("detail", ""))
    base, _, code = str(problem.get("type", "")).rpartition("/")
    return AnswerError(status, title, detail, code if base + "/" == TYPE_BASE else "")
