"""The reference of the errors: docs/errors.md. ``python -m mememime_proxy.errors.reference`` writes it."""

from __future__ import annotations

import inspect
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from mememime_proxy.errors import TYPE_BASE, MememimeError, ResourceError, SourceStatusError, error_classes
from mememime_proxy.errors.base import DOCS

_HEAD = f"""# Errors

Every error has a stable code, `noun.condition`. It stands in log lines (`error=source.timeout`), in the label `code` of
the metrics `errors_total`, `resource_errors_total` and `storage_errors_total`, in the rows of failed uploads and
quarantined assets, and in the problem types of the resource service. Codes are not renamed; a new one can be added.

The proxy answers with the status and one line of text (`text/plain`). The detail is in the log line of the request, and
in the response when `MEMEMIME_DEVELOPMENT_ERRORS_MODE` is on. Error responses have no caching headers.

The resource service answers with problem details (RFC 9457, `application/problem+json`): `type` is
`{TYPE_BASE}` and the code, `title` is the text below, `instance` is the request's id. For
statuses below 500, `detail` says what is wrong with the request. The type is an identifier and no link: compare it as a
text. Nothing promises that the address resolves; this page describes each error.

`Retry-After` stands where a retry makes sense. The label `type` of `errors_total` has imgproxy's name of the error.
"""


def _section(cls: type[MememimeError]) -> str:
    status = "the source's status, 502 or 404" if cls is SourceStatusError else str(cls.status)
    retry = f", `Retry-After: {cls.retry_after}`" if cls.retry_after is not None else ""
    detail = ", and the detail" if issubclass(cls, ResourceError) and cls.status < 500 else ""
    return (
        f'### <a id="{cls.code}"></a>`{cls.code}`\n\n'
        f"* Cause: {inspect.cleandoc(cls.__doc__ or '')}\n"
        f"* Client: {status}{retry}, `{cls.public}`{detail}. imgproxy's type: `{cls.kind}`.\n"
        f"* Operator: {cls.remedy}\n"
    )


def page() -> str:
    """Return docs/errors.md."""
    classes = sorted(error_classes().values(), key=attrgetter("code"))
    lines = [_HEAD]
    for noun, group in groupby(classes, key=lambda cls: cls.code.partition(".")[0]):
        lines.append(f"## {noun}\n")
        lines.extend(map(_section, group))
    return "\n".join(lines)


if __name__ == "__main__":
    (Path(__file__).parents[2] / DOCS).write_text(page(), "utf-8")
