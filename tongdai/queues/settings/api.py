"""`/queues/inbound/{id}/settings`: settings of a queue beyond the vendor's fields."""

from typing import Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Principal, Scope
from tongdai.ids import MenuId, QueueId
from tongdai.queues import store as queues
from tongdai.queues import view as record
from tongdai.queues.destinations import store as destinations
from tongdai.queues.model import Change, NumberRefusal
from tongdai.queues.settings import store
from tongdai.queues.settings.model import DESTINATIONS, QueueSettings
from tongdai.queues.settings.view import SCHEMA, WIRE, QueueSettingsChange, QueueSettingsView, parse, show

_TAG = "Inbound queues"
_change = msgspec.json.Decoder(QueueSettingsChange)
_SAMPLE: dict[str, Any] = msgspec.to_builtins(show(QueueSettings(), "VN")) | {
    "maxLength": 50,
    "overflow": {"kind": "queue", "queueId": 1001227, "number": None, "sound": None, "menuId": None},
}


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}/settings",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get the settings of a queue beyond those of its own record",
        response=QueueSettingsView,
        sample=_SAMPLE,
    )
)
async def get_settings(request: Request) -> Response:
    principal = principal_of(request)
    queue_id = _queue_id(request)
    async with connection(request) as conn:
        settings = await store.find(conn, principal.tenant_id, queue_id)
    if settings is None:
        raise NotFound("Inbound queue not found")
    return ok(show(settings, principal.country))


@endpoint(
    Endpoint(
        method="PATCH",
        path="/queues/inbound/{id}/settings",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Change settings of a queue, at least one; others stay as they are",
        description="For callers who arrive from then on. `agentSelector` is a field of the queue itself too. The "
        "fields of the queue's own record (those of PUT) may be sent along: all of a request are changed, or none.",
        body=QueueSettingsChange,
        refine=SCHEMA,
        body_sample={"maxLength": 50, "overflow": {"kind": "queue", "queueId": 1001227}},
        response=Done,
        sample=done_sample("Settings updated successfully"),
    )
)
async def change_settings(request: Request) -> Response:
    principal = principal_of(request)
    tenant_id, queue_id = principal.tenant_id, _queue_id(request)
    sent = body.decode(await body.read_json(request), _change)
    change, fields = parse(sent, principal.country), record.fields_of(sent)
    if not change and fields == Change():
        raise InvalidInput(f"Expected at least one of {', '.join([*WIRE.values(), *record.FIELDS])}")
    async with connection(request) as conn, conn.transaction():
        # The record first: a number is locked before its queue, as by PUT, so that the two never wait for each other.
        if fields != Change():
            await _change_record(conn, principal, queue_id, fields)
        if not change:
            return ok(Done(error_message="Settings updated successfully"))
        if not await store.hold(conn, tenant_id, queue_id):
            raise NotFound("Inbound queue not found")
        for name in DESTINATIONS:
            await destinations.require(conn, tenant_id, WIRE[name], change.get(name), not_queue=queue_id)
        if change.get("menu_id") is not None:
            await destinations.require_menu(conn, tenant_id, WIRE["menu_id"], MenuId(change["menu_id"]))
        await store.change(conn, tenant_id, queue_id, change, principal.author)
    return ok(Done(error_message="Settings updated successfully"))


async def _change_record(conn: Connection, by: Principal, queue_id: QueueId, fields: Change) -> None:
    changed = await queues.change(conn, by.tenant_id, queue_id, fields, by.author)
    if isinstance(changed, NumberRefusal):
        raise record.refused(changed, fields.number)
    if not changed:
        raise NotFound("Inbound queue not found")


def _queue_id(request: Request) -> QueueId:
    return QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))


HANDLERS: list[Route] = [get_settings, change_settings]
