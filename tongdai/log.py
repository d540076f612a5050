"""Logging: one line for each decision, ids as fields, to standard error; never a key, a name or a phone number."""

import logging
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict

_WORD = re.compile(r"[\w./{}:-]+")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


_request_line: "_RequestLine | None" = None


def configure(log_format: str, level: str, process: str) -> None:
    """Configure logging of the process, its libraries included; `process` names it in each line (`api`, `engine`)."""

    def name_process(_: object, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
        _exception,
    ]
    render = _json if log_format == "json" else _text
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lossy(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    global _request_line  # noqa: PLW0603 - the process has one log
    _request_line = _request_liner(log_format, process) if _LEVELS[level] <= logging.INFO else None
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)


class _Lossy:
    """A stream that loses what cannot be written, as when the disk is full: a log never fails what it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _write(descriptor: int, line: str) -> None:
    with suppress(OSError):
        os.write(descriptor, line.encode())


def request(method: str, route: str, status: int, ms: float, tenant: int | None, request_id: bytes) -> None:
    """Log a request in the format of structlog, but without its overhead: there are thousands a second."""
    if _request_line is not None:
        _request_line(method, route, status, ms, "null" if tenant is None else tenant, request_id.decode())


_RequestLine = Callable[[str, str, int, float, object, str], None]


def _request_liner(log_format: str, process: str) -> _RequestLine:
    out = sys.stderr.fileno()

    def write_json(method: str, route: str, status: int, ms: float, tenant: object, request_id: str) -> None:
        quoted = msgspec.json.encode(request_id).decode()
        line = (
            f'{{"timestamp":"{datetime.now(UTC).isoformat()}","level":"info","process":"{process}","event":"request",'
            f'"method":"{method}","route":"{route}","status":{status},"ms":{ms:.1f},"tenant":{tenant},'
            f'"request_id":{quoted}}}\n'
        )
        _write(out, line)

    def write_text(method: str, route: str, status: int, ms: float, tenant: object, request_id: str) -> None:
        quoted = request_id if request_id.isalnum() else _field(request_id)
        line = (
            f"{datetime.now(UTC).isoformat()} info    {process:<6} request method={method} route={route} "
            f"status={status} ms={ms:.1f} tenant={tenant} request_id={quoted}\n"
        )
        _write(out, line)

    return write_json if log_format == "json" else write_text


def _exception(_: object, __: str, event: EventDict) -> EventDict:
    """Format an exception without its message, which may contain a key, a name or a phone number."""
    raised = event.pop("exc_info", None)
    if raised and not isinstance(raised, BaseException):
        raised = sys.exc_info()[1]
    if isinstance(raised, BaseException):
        frames = "".join(traceback.format_tb(raised.__traceback__))
        state = getattr(raised, "sqlstate", None)
        event["exception"] = f"{frames}{type(raised).__name__}{f' (SQLSTATE {state})' if state else ''}"
    return event


def _json(_: object, __: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _text(_: object, __: str, event: EventDict) -> str:
    """Format an entry: `2026-03-10T02:00:00Z info  api  request method=GET …`, then a traceback on its own lines."""
    head = f"{event.pop('timestamp')} {event.pop('level'):<7} {event.pop('process'):<6} {event.pop('event')}"
    trace = event.pop("exception", None)
    fields = "".join(f" {name}={_field(value)}" for name, value in event.items())
    return head + fields if trace is None else f"{head}{fields}\n{trace}"


def _field(value: object) -> str:
    """Format a field's value, quoted unless it is one word, so that it cannot imitate another line."""
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else repr(value)
    return str(value) if isinstance(value, (int, float)) else repr(value)
