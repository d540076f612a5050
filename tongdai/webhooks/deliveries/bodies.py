"""The bodies of requests: of a message the same bytes at each try."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from tongdai.contacts.numbers import phone
from tongdai.local_time import zone_named
from tongdai.webhooks.deliveries.model import Message
from tongdai.webhooks.model import Body, Event

_CALLS = frozenset((Event.CALL_RINGING, Event.CALL_ANSWERED, Event.CALL_ENDED, Event.CALL_MISSED))
_INSTANTS = ("openedAt", "ringingAt", "answeredAt", "connectedAt", "endedAt", "nextCallAt")
_OF_CONTACT = frozenset(("listId", "processStatus", "callStatus", "nextCallAt"))
_OUTCOME = ("contactId", "campaignId", "externalId", "phoneNumber", "callId", "outcome", *sorted(_OF_CONTACT))
_STATUS = {Event.CALL_RINGING: "ringing", Event.CALL_ANSWERED: "answered"}


def body_of(message: Message, body: Body) -> bytes:
    """The body of a message's requests."""
    if message.event == Event.CONTACT_OUTCOME:
        view = _call_view(message.data)
        return _tongdai(message, {name: view[name] for name in _OUTCOME})
    if message.event not in _CALLS:
        return _tongdai(message, message.data)
    if body is Body.VENDOR:
        return msgspec.json.encode(_vendor(message))
    view = _call_view(message.data)
    return _tongdai(message, {name: value for name, value in view.items() if name not in _OF_CONTACT})


def _tongdai(message: Message, data: Mapping[str, Any]) -> bytes:
    sequence = {} if message.sequence is None else {"sequence": message.sequence}
    return msgspec.json.encode({"type": message.event, "timestamp": message.occurred_at, **sequence, "data": data})


def _call_view(data: Mapping[str, Any]) -> dict[str, Any]:
    """A call as `GET /v1/calls/{callId}` names it."""
    shown = _shown(data)
    view = {name: value for name, value in data.items() if name not in {"country", "zone"}}
    numbers = {name: shown(view[name]) for name in ("phoneNumber", "calledNumber", "callerId")}
    instants = {name: _instant(view[name]) for name in _INSTANTS}
    return view | numbers | instants | {"talkSec": _seconds(data, "connectedAt", "endedAt")}


def _vendor(message: Message) -> dict[str, Any]:
    """The vendor's fields. Instants are of the tenant's zone, with its offset; what is not known is null."""
    data, shown = message.data, _shown(message.data)
    at = partial(_local, data)
    inbound = data["direction"] == "inbound"
    own = shown(data["calledNumber"]) or shown(data["callerId"])
    other = shown(data["phoneNumber"])
    return {
        "call_id": data["callId"],
        "call_status": _STATUS.get(Event(message.event), data["outcome"]),
        "direction": data["direction"],
        "caller_number": other if inbound else own,
        "destination_number": own if inbound else other,
        "starttime": at("openedAt"),
        "answertime": at("connectedAt" if inbound else "answeredAt"),
        "endtime": at("endedAt"),
        "hangup_by": None,
        "hotline": own,
        "total_duration": _whole(_seconds(data, "openedAt", "endedAt")),
        "holding_duration": _whole(data["holdSec"]),
        "recording_url": None,
        "objectId": data["externalId"],
        "transactionID": data["callId"],
        "userName": data["agentName"],
        "eventType": message.event,
    }


def _shown(data: Mapping[str, Any]) -> Callable[[str | None], str | None]:
    def shown(number: str | None) -> str | None:
        return phone.formatted(number, data["country"]) if number and number.startswith("+") else number or None

    return shown


def _local(data: Mapping[str, Any], name: str) -> str | None:
    at = _instant(data[name])
    return None if at is None else at.astimezone(zone_named(data["zone"])).isoformat(timespec="seconds")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(data: Mapping[str, Any], since: str, until: str) -> float | None:
    begun, over = _instant(data[since]), _instant(data[until])
    return None if begun is None or over is None else max((over - begun).total_seconds(), 0.0)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
