"""Structured logs: one event a line, no control characters from outside, no signatures, no secrets."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from cachetools import LRUCache

from mememime_proxy.service.syslog import SyslogHandler, SyslogSender
from mememime_proxy.settings.addresses import syslog_address
from mememime_proxy.settings.settings import Settings

_MAX_TEXT = 2000
"""Characters of one value; a URL may be eight times as long."""

_GCP_SEVERITY = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}


_INTERVAL = 60.0
"""Seconds within which equal events are one line."""
_MOST_EVENTS = 256
"""Different events that are remembered; beyond that the one that was not seen for the longest time is forgotten."""


def _escape(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape characters that could break a line or a terminal, and bound the length of each value."""
    for key, value in event.items():
        if key == "exception":
            event[key] = "\n".join(map(_escape_text, str(value).split("\n")))
        elif isinstance(value, str) and (len(value) > _MAX_TEXT or not value.isprintable()):
            # Both ends: a URL matters most at its start, a traceback at its end.
            short = value if len(value) <= _MAX_TEXT else f"{value[: _MAX_TEXT // 2]} … {value[-_MAX_TEXT // 2 :]}"
            event[key] = _escape_text(short)
    return event


def _escape_text(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _gcp(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["severity"] = _GCP_SEVERITY.get(event.pop("level", "info"), "DEFAULT")
    event["message"] = event.pop("event", "")
    return event


def _logfmt(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return the event in logfmt, with its time, level and name first.

    ``structlog.processors.LogfmtRenderer`` writes the same lines, but it checks every character of every key, which
    took 70 % of the time of a log line. Here all keys are constants of this program.
    """
    ordered = {"timestamp": event.pop("timestamp"), "level": event.pop("level"), "event": event.pop("event"), **event}
    return " ".join([f"{name}={_logfmt_value(value)}" for name, value in ordered.items()])


def _logfmt_value(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if " " in text or "=" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        text = f'"{text}"'
    return text.replace("\n", "\\n")


_PASSWORD = re.compile(r"(://[^/@:\s]*:)[^/@\s]+@")
_QUERY_SECRET = re.compile(
    r"((?:[?&;]|%3F|%26)[\w.-]{0,40}(?:sig|token|secret|password|credential|key|auth)[\w.-]{0,40}(?:=|%3D))"
    r"(?:(?!%26)[^&;\s])*",
    re.IGNORECASE,
)
_LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}


class _Threshold:
    """The lowest level that is logged. Loggers are bound once, so it is no part of them: it can change."""

    level = logging.INFO


def _drop_below_threshold(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if _LEVELS[event["level"]] < _Threshold.level:
        raise structlog.DropEvent
    return event


def redact(url: str) -> str:
    """Return a URL without the secrets that it may carry: the password of a user, keys and signatures of a query."""
    if "@" not in url and "=" not in url and "%3" not in url:
        return url
    return _QUERY_SECRET.sub(r"\1***", _PASSWORD.sub(r"\1***@", url))


def is_enabled(level: int) -> bool:
    """Return whether events of ``level`` are logged now."""
    return level >= _Threshold.level


def set_level(settings: Settings) -> None:
    """Log from LOG_LEVEL on; of libraries, from WARNING on at least."""
    _Threshold.level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.getLogger().setLevel(max(_Threshold.level, logging.WARNING))


def _open_syslog(settings: Settings) -> SyslogSender | None:
    if not settings.syslog_enable:
        return None
    level = logging.getLevelNamesMapping()[settings.syslog_level.upper()]
    return SyslogSender(settings.syslog_network, syslog_address(settings), settings.syslog_tag, level)


def configure(settings: Settings) -> None:
    """Configure logging for this process by LOG_FORMAT and LOG_LEVEL; logs go to standard error, and to syslog.

    Raises SettingsError for an address of syslog that is none.
    """
    syslog = _open_syslog(settings)

    def copy_to_syslog(_logger: object, method: str, line: Any) -> Any:
        if syslog is not None:
            syslog.send(_LEVELS.get(method, logging.ERROR), line)
        return line

    style = settings.log_format or ("pretty" if sys.stderr.isatty() else "structured")
    shared: list[structlog.types.Processor] = [
        structlog.processors.MaybeTimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _escape,
    ]
    renderers: dict[str, list[structlog.types.Processor]] = {
        "pretty": [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
        "structured": [_logfmt],
        "json": [structlog.processors.JSONRenderer()],
        "gcp": [_gcp, structlog.processors.JSONRenderer()],
    }
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _drop_below_threshold,
            *shared,
            *renderers[style],
            *([copy_to_syslog] if syslog is not None else []),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that use the standard library's logging (aiohttp, asyncio) are written in the same form.
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if syslog is not None:
        handlers.append(SyslogHandler(syslog))
    for handler in handlers:
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[structlog.stdlib.add_log_level, *shared],
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers[style]],
            )
        )
    logging.basicConfig(handlers=handlers, force=True)
    set_level(settings)


def logger() -> structlog.typing.FilteringBoundLogger:
    """Return the process's logger, as it is configured now."""
    # Bound once: the lazy proxy of get_logger assembles a logger for every line.
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind()
    return bound


class _Repetition:
    """An event that is being counted until its next line."""

    def __init__(self) -> None:
        self.count = 0
        self.write: Callable[[], None] = lambda: None


class LimitedLogger:
    """Logs the first of equal events at once; those of the next minute are one line, with their number as ``repeated``.

    A disk that is full fails every write: one line a minute says so, and does not hide other events. Needs a running
    event loop.
    """

    def __init__(self, log: structlog.typing.FilteringBoundLogger, key: str = "", interval: float = _INTERVAL) -> None:
        """``key``: the field that, beside its name, makes an event another one."""
        self._wrapped = log
        self._key = key
        self._interval = interval
        self._repetitions: LRUCache[tuple[str, object], _Repetition] = LRUCache(_MOST_EVENTS)

    def warning(self, event: str, **fields: Any) -> None:
        """Log a warning, or count it."""
        name = (event, fields.get(self._key))
        repetition = self._repetitions.get(name)
        if repetition is None:
            self._wrapped.warning(event, **fields)
            self._repetitions[name] = repetition = _Repetition()
            self._schedule(name, repetition)
        else:
            repetition.count += 1
            repetition.write = lambda: self._wrapped.warning(event, **fields, repeated=repetition.count)

    def info(self, event: str, **fields: Any) -> None:
        """Log every one."""
        self._wrapped.info(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log every one."""
        self._wrapped.error(event, **fields)

    def _schedule(self, name: tuple[str, object], repetition: _Repetition) -> None:
        asyncio.get_running_loop().call_later(self._interval, self._end_interval, name, repetition)

    def _end_interval(self, name: tuple[str, object], repetition: _Repetition) -> None:
        """Write what was counted, and count on; forget an event that did not come again."""
        if not repetition.count:
            if self._repetitions.get(name) is repetition:
                del self._repetitions[name]
            return
        repetition.write()
        repetition.count = 0
        self._schedule(name, repetition)


def limited_logger(key: str = "") -> LimitedLogger:
    """Return a logger whose equal warnings are one line a minute; see ``LimitedLogger``."""
    return LimitedLogger(logger(), key)
