"""`/queues/inbound`. Translates the vendor's names: moh_file_id and musicinQueue, max_wait_sec and timeWait, ..."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import NextCursor, TotalRecord
from tongdai.http.endpoint import NAME, Endpoint, Request, Response, Route, connection, endpoint, principal_of, query_of
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
from tongdai.queues.model import (
    MAX_NAME,
    MAX_NUMBER,
    MAX_WAIT_S,
    Change,
    InboundQueue,
    NumberRefusal,
    References,
    Strategy,
)
from tongdai.queues.settings import api as settings
from tongdai.queues.sounds import api as sounds
from tongdai.text import CONTROL, has_control

_TAG = "Inbound queues"
_FILE = re.compile(r"[^/\\:]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,5}")
_NUMBER = re.compile(r"\+?[0-9]{1,31}")
_SCHEMA: dict[str, dict[str, Any]] = {
    "moh_file_id": {
        "minLength": 1,
        "maxLength": 255,
        "pattern": rf"^[^/\\:{CONTROL}]*[^/\\:. {CONTROL}][^/\\:{CONTROL}]*$",
    },
    "max_wait_sec": {
        "maxLength": 5,
        "pattern": "^0*([0-9]{1,4}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)$",
    },
    "strategy": {"enum": [s.value for s in Strategy]},
    "announce_position": {"enum": ["0", "1", None]},
    "callinNumber": {"pattern": f"^{_NUMBER.pattern}$"},
}
_STRATEGIES = ", ".join(f"{s.value} {s.name.lower()}" for s in Strategy)


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


class QueueChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    moh_file_id: str | UnsetType | None = UNSET
    """Name of the sound file that callers hear while they wait; null clears it."""
    max_wait_sec: str | UnsetType | None = UNSET
    """Seconds that a caller waits at most, in digits, `0` to `86400`; `0`: no limit; null clears it."""
    strategy: int | UnsetType = UNSET
    """How its calls are treated: 1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    announce_position: str | UnsetType | None = UNSET
    """Whether callers hear their position in the queue: `1` yes, `0` no; null clears it."""
    callinNumber: str | UnsetType | None = UNSET
    """The number that callers dial, in any written form, unique in the tenant; null clears it."""


class NewQueue(QueueChange, forbid_unknown_fields=True, kw_only=True):
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
        refine={"QueueChange": {"": {"minProperties": 1}, **_SCHEMA}},
        body_sample={"moh_file_id": "waiting.wav", "max_wait_sec": "180", "strategy": 1, "announce_position": "1"},
        response=Done,
        sample=done_sample("Inbound queue updated successfully"),
    )
)
async def change_queue(request: Request) -> Response:
    queue_id = _queue_id(request)
    fields = _fields(body.decode(await body.read_json(request), _change))
    if fields == Change():
        raise InvalidInput(
            "Expected at least one of moh_file_id, max_wait_sec, strategy, announce_position, callinNumber"
        )
    principal = principal_of(request)
    async with connection(request) as conn:
        changed = await store.change(conn, principal.tenant_id, queue_id, fields, principal.author)
    if isinstance(changed, NumberRefusal):
        raise _refused(changed, fields.number)
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
                "callinName": {"minLength": 1, **NAME},
                **_SCHEMA,
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
    body.text_field("callinName", new.callinName, MAX_NAME, min_length=1)
    fields = _fields(new)
    principal = principal_of(request)

    async def work(conn: Connection) -> QueueCreated:
        number = None if isinstance(fields.number, UnsetType) else fields.number
        made = await store.create(conn, principal.tenant_id, new.callinName, number, fields, principal.author)
        if isinstance(made, NumberRefusal):
            raise _refused(made, number)
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


def _refused(refusal: NumberRefusal, number: str | UnsetType | None) -> InvalidInput:
    if refusal is NumberRefusal.OF_OTHER_QUEUE:
        return InvalidInput(f"callinNumber {number} is another queue's already")
    return InvalidInput(f"callinNumber {number} is no number of this tenant: an operator gives numbers to tenants")


def _named(users: References) -> list[tuple[str, Sequence[int]]]:
    return [
        ("agent", users.agents),
        ("campaign", users.campaigns),
        ("queue", users.queues),
        ("menu", users.menus),
    ]


def _queue_id(request: Request) -> QueueId:
    return QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))


def _fields(sent: QueueChange) -> Change:
    return Change(
        strategy=UNSET if isinstance(sent.strategy, UnsetType) else _strategy(sent.strategy),
        moh_file=UNSET if isinstance(sent.moh_file_id, UnsetType) else _file(sent.moh_file_id),
        max_wait_s=UNSET if isinstance(sent.max_wait_sec, UnsetType) else _seconds(sent.max_wait_sec),
        announce_position=UNSET if isinstance(sent.announce_position, UnsetType) else _flag(sent.announce_position),
        number=UNSET if isinstance(sent.callinNumber, UnsetType) else _number(sent.callinNumber),
    )


def _strategy(value: int) -> Strategy:
    try:
        return Strategy(value)
    except ValueError:
        raise InvalidInput(f"strategy must be one of {_STRATEGIES}, not {shown(value)}") from None


def _file(value: str | None) -> str | None:
    """Check a file name: no slash, backslash, drive or scheme, and not a folder."""
    if value is None:
        return None
    if not _FILE.fullmatch(value) or value.strip(". ") == "" or has_control(value):
        raise InvalidInput(f"moh_file_id must be a file name of 1 to 255 characters, not {shown(value)!r}")
    return value


def _seconds(value: str | None) -> int | None:
    if value is None:
        return None
    if not _SECONDS.fullmatch(value) or int(value) > MAX_WAIT_S:
        raise InvalidInput(f'max_wait_sec must be seconds as text, "0" to "{MAX_WAIT_S}", not {shown(value)!r}')
    return int(value)


def _flag(value: str | None) -> bool | None:
    if value not in {None, "0", "1"}:
        raise InvalidInput(f'announce_position must be "0" or "1", not {shown(value)!r}')
    return None if value is None else value == "1"


def _number(value: str | None) -> str | None:
    if value is not None and not _NUMBER.fullmatch(value):
        raise InvalidInput(f"callinNumber must be at most {MAX_NUMBER} digits, not {shown(value)!r}")
    return value


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
