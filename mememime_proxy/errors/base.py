"""The base of all errors: code, status, public text, and the registry of codes."""

from __future__ import annotations

from typing import ClassVar

TYPE_BASE = "https://mememime.dev/errors/"
"""Problem types (RFC 9457) are this base and a code. They identify an error; docs/errors.md explains it."""
DOCS = "docs/errors.md"


class MememimeError(Exception):
    """Unexpected failure inside the service, or a fault in its code."""

    code: ClassVar[str] = "service.internal_error"
    """Stable name of the error: in logs, metrics, database rows, problem types and the documentation."""
    status: ClassVar[int] = 500
    public: ClassVar[str] = "Internal error"
    """Text for clients."""
    development: ClassVar[str] = ""
    """First line of the body in development mode: imgproxy's sentence, which programs search for; '' = ``public``."""
    kind: ClassVar[str] = "unexpected"
    """imgproxy's type of the error: the label ``type`` of the metric ``errors_total``."""
    remedy: ClassVar[str] = "Look at the traceback in the log line with the request's id, and report it."
    """The remedy for an operator."""
    retry_after: int | None = None
    """Seconds for the Retry-After header, where a retry makes sense."""

    def __init__(self, detail: str = "") -> None:
        """``detail``: for logs and development mode."""
        super().__init__(detail or self.public)
        self.detail = detail or self.public

    def __init_subclass__(cls) -> None:
        """Register the class by its code. A class without a code of its own shares its parent's."""
        super().__init_subclass__()
        if "code" in cls.__dict__ and _CLASSES.setdefault(cls.code, cls) is not cls:
            raise TypeError(f"{cls.__name__} and {_CLASSES[cls.code].__name__} have the same code {cls.code}")

    @classmethod
    def type_uri(cls) -> str:
        """Return the URI that identifies this error in problem details."""
        return TYPE_BASE + cls.code

    @classmethod
    def doc_anchor(cls) -> str:
        """Return the place in the documentation that explains this error."""
        return f"{DOCS}#{cls.code}"


_CLASSES: dict[str, type[MememimeError]] = {MememimeError.code: MememimeError}


def error_classes(root: type[MememimeError] = MememimeError) -> dict[str, type[MememimeError]]:
    """Return ``root`` and the classes below it by their codes, in the order of their definition."""
    return {code: cls for code, cls in _CLASSES.items() if issubclass(cls, root)}


def error_from_code(code: str, detail: str) -> MememimeError | None:
    """Return a new error of the class with this code, or None where no class has it."""
    cls = _CLASSES.get(code)
    return None if cls is None else cls(detail)
