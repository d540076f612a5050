"""Logs: a line for each decision, ids as fields, to standard error. Never a key or a name; numbers masked."""

import logging
import sys
import traceback
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def masked(phone: str) -> str:
    """A number as a log may show it: `0901234567` as `090****567`."""
    return f"{phone[:-7]}****{phone[-3:]}" if len(phone) > 7 else "****"


def configure(log_format: str, level: str, process: str) -> None:
    """For this whole process, its libraries included. `process` names it in each line (`api`, `engine`)."""

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
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)


def _exception(_: object, __: str, event: EventDict) -> EventDict:
    """Where an exception came from and of what kind: its message may repeat a key, a name or a number."""
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
    """`2026-03-10T02:00:00Z info  api  request method=GET …`, with a traceback on lines of its own."""
    head = f"{event.pop('timestamp')} {event.pop('level'):<7} {event.pop('process'):<6} {event.pop('event')}"
    trace = event.pop("exception", None)
    fields = "".join(f" {name}={_field(value)}" for name, value in event.items())
    return head + fields if trace is None else f"{head}{fields}\n{trace}"


def _field(value: object) -> str:
    """One word, or quoted: what a field says cannot look like another line."""
    text = str(value)
    return text if text.isalnum() or text.replace("/", "").replace(".", "").isalnum() else repr(text)
