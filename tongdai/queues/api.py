"""`/queues/inbound`. Translates the vendor's names: moh_file_id and musicinQueue, max_wait_sec and timeWait, ..."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import NextCursor, TotalRecord
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, query_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Scope
from tongdai.ids import QueueId
from tongdai.queues import store
from tongdai.queues.holidays import api as holidays
from tongdai.queues.hours import api as hours
from tongdai.queues.live import api as live
from tongdai.queues.menus import api as menus
from tongdai.queues.model import Change, InboundQueue, NumberRefusal, References, Strategy
from tongdai.queues.settings import api as settings
from tongdai.queues.sounds import api as sounds
from tongdai.queues.view import FIELDS, SCHEMA, QueueChange, VendorFields, fields_of, refused, require_name

_TAG = "Inbound queues"


class QueueView(msgspec.Struct):
    callinId: int
    """The queue."""
    callinName: str
    """Its name."""
    strategy: Annotated[int, one_of(Strategy)]
    """How its calls are treated: 1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    musicinQueue: str | None
    """Name of the sound file that callers hear while they wait; null: the server's default."""
    timeWait: str | None
    """Seconds that a caller waits at most, in digits; `0`: no limit; null: the server's default."""
    agentSelector: str | None
    """How agents are chosen, by the settings of the queue; null: `longest_idle`."""
    nguongRanhRoi: Annotated[str, one_of(["0", "1"])] | None
    """Whether callers hear their position in the queue: `1` yes, `0` no; null: the server's default."""
    callinNumber: str | None
    """The number that callers dial; null: none is set."""


class QueuePage(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    error_code: Annotated[str, one_of(["SUCCESS"])] = "SUCCESS"
    """Always `SUCCESS`."""
    totalRecord: TotalRecord = UNSET
    nextCursor: NextCursor = UNSET
    data: list[QueueView]
    """The queues, by id."""


class NewQueue(VendorFields, forbid_unknown_fields=True, kw_only=True):
    callinName: str
    """Name of the queue."""


class QueueCreated(Done, kw_only=True):
    callinId: int
    """The new queue."""


_change = msgspec.json.Decoder(QueueChange)
_new = msgspec.json.Decoder(NewQueue)

_SAMPLE: dict[str, Any] = {
    "callinId": 1001226,
    "callinName": "test",
    "strategy": 1,
    "musicinQueue": "waiting.wav",
    "timeWait": "120",
    "agentSelector": None,
    "nguongRanhRoi": None,
    "callinNumber": None,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound",
        by_vendor=True,
        scope=Scope.QUEUE,
        own=Own.ANY,
        tag=_TAG,
        summary="Retrieve the list of all inbound queues for the tenant",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=QueuePage,
        sample={"success": "1", "error_code": "SUCCESS", "totalRecord": 3, "data": [_SAMPLE]},
    )
)
async def list_queues(request: Request) -> Response:
    query, tenant_id = query_of(request), principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, QueueId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id),
            after=partial(store.after, conn, tenant_id),
            key=lambda queue: queue.queue_id,
        )
    return ok(QueuePage(totalRecord=part.total, nextCursor=part.next, data=[_view(queue) for queue in part.rows]))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}",
        by_vendor=True,
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Retrieve details of one inbound queue",
        response=QueueView,
        sample=_SAMPLE,
    )
)
async def get_queue(request: Request) -> Response:
    queue_id = _queue_id(request)
    async with connection(request) as conn:
        queue = await store.find(conn, principal_of(request).tenant_id, queue_id)
    if queue is None:
        raise NotFound("Inbound queue not found")
    return ok(_view(queue))


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/inbound/{id}",
        by_vendor=True,
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Update an inbound queue: the fields sent, at least one; null clears a field other than strategy",
        body=QueueChange,
        refine={"QueueChange": {"": {"minProperties": 1}, **SCHEMA}},
        body_sample={"moh_file_id": "waiting.wav", "max_wait_sec": "180", "strategy": 1, "announce_position": "1"},
        response=Done,
        sample=done_sample("Inbound queue updated successfully"),
    )
)
async def change_queue(request: Request) -> Response:
    queue_id = _queue_id(request)
    fields = fields_of(body.decode(await body.read_json(request), _change))
    if fields == Change():
        raise InvalidInput(f"Expected at least one of {', '.join(FIELDS)}")
    principal = principal_of(request)
    async with connection(request) as conn:
        changed = await store.change(conn, principal.tenant_id, queue_id, fields, principal.author)
    if isinstance(changed, NumberRefusal):
        raise refused(changed, fields.number)
    if not changed:
        raise NotFound("Inbound queue not found")
    return ok(Done(error_message="Inbound queue updated successfully"))


@endpoint(
    Endpoint(
        method="POST",
        path="/queues/inbound",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Create an inbound queue",
        body=NewQueue,
        refine={
            "NewQueue": {
                **SCHEMA,
            }
        },
        body_sample={"callinName": "test", "callinNumber": "1900636363", "max_wait_sec": "120"},
        response=QueueCreated,
        sample=done_sample("Inbound queue created", callinId=1001226),
    )
)
async def create_queue(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new)
    require_name(new.callinName)
    fields = fields_of(new)
    principal = principal_of(request)

    async def work(conn: Connection) -> QueueCreated:
        number = None if isinstance(fields.number, UnsetType) else fields.number
        made = await store.create(conn, principal.tenant_id, new.callinName, number, fields, principal.author)
        if isinstance(made, NumberRefusal):
            raise refused(made, number)
        return QueueCreated(error_message="Inbound queue created", callinId=made)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="DELETE",
        path="/queues/inbound/{id}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Delete an inbound queue that no agent, no campaign and no other queue refers to",
        response=Done,
        sample=done_sample("Inbound queue deleted successfully"),
        states=True,
    )
)
async def delete_queue(request: Request) -> Response:
    principal = principal_of(request)
    queue_id = _queue_id(request)
    async with connection(request) as conn:
        deleted = await store.delete(conn, principal.tenant_id, queue_id, principal.author)
    if isinstance(deleted, References):
        raise InvalidState(f"Cannot delete an inbound queue that is used by {_users(deleted)}")
    if not deleted:
        raise NotFound("Inbound queue not found")
    return ok(Done(error_message="Inbound queue deleted successfully"))


def _users(users: References) -> str:
    """References in words: `agents 7, 8 and campaign 1042`."""
    named = [
        f"{noun}{'s' if len(found) > 1 else ''} {', '.join(map(str, found))}" for noun, found in _named(users) if found
    ]
    defaults = ["the default opening hours"] if users.defaults else []
    callers = [f"{users.callers} {'callers' if users.callers > 1 else 'caller'} in it"] if users.callers else []
    return " and ".join([*named, *defaults, *callers])


def _named(users: References) -> list[tuple[str, Sequence[int]]]:
    return [
        ("agent", users.agents),
        ("campaign", users.campaigns),
        ("queue", users.queues),
        ("menu", users.menus),
    ]


def _queue_id(request: Request) -> QueueId:
    return QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))


def _view(queue: InboundQueue) -> QueueView:
    announce = queue.announce_position
    return QueueView(
        queue.queue_id,
        queue.name,
        queue.strategy,
        queue.moh_file,
        None if queue.max_wait_s is None else str(queue.max_wait_s),
        queue.agent_selector,
        None if announce is None else str(int(announce)),
        queue.number,
    )


HANDLERS: list[Route] = [
    list_queues, get_queue, change_queue, create_queue, delete_queue, *live.HANDLERS, *settings.HANDLERS,
    *hours.HANDLERS, *holidays.HANDLERS, *menus.HANDLERS, *sounds.HANDLERS,
]  # fmt: skip
