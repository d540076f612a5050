"""Wallboards on the wire: their settings, and what they show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.ids import QueueId
from tongdai.people.users.model import Language
from tongdai.queues.live.model import LiveFigures, QueueFigures, Waiting
from tongdai.queues.live.view import QUEUE_SAMPLE, ServiceFigures, service
from tongdai.wallboards.model import MAX_QUEUES, Look, Theme, Thresholds, Tile, Wallboard, fault

_TILES = [str(tile) for tile in Tile]
_LANGUAGES = [str(language) for language in Language]
_THEMES = [str(theme) for theme in Theme]
SCHEMA: dict[str, Any] = {
    "name": {"minLength": 1, **NAME},
    "tiles": {"minItems": 1, "maxItems": len(_TILES), "uniqueItems": True, "items": {"enum": _TILES}},
    "queueIds": {"maxItems": MAX_QUEUES, "items": {"type": "integer", "format": "int64", **ID}},
    "theme": {"enum": _THEMES},
}


class WallboardView(msgspec.Struct):
    wallboardId: int
    """The board."""
    name: str
    """Its name, which it shows."""
    hint: str
    """First and last characters of its token, to tell boards apart."""
    tiles: list[Annotated[str, one_of(Tile)]]
    """The figures that it shows, in this order."""
    queueIds: list[int]
    """The queues that it shows; empty: all."""
    thresholds: Thresholds
    """From which figures it warns, and alarms."""
    language: Annotated[str, one_of(Language)] | None
    """Its language; null: the browser's."""
    theme: Annotated[str, one_of(Theme)]
    """Its colours."""
    createdBy: int | None
    """The user who made it; null: a key."""
    createdAt: datetime
    """When it was made."""
    seenAt: datetime | None
    """When it was shown last, to half a minute; null: never."""


class WallboardList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[WallboardView]
    """The boards, by id."""


class NewWallboard(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Its name, which it shows."""
    tiles: list[str] = msgspec.field(default_factory=lambda: list(_TILES))
    """The figures that it shows, in this order."""
    queueIds: list[int] = msgspec.field(default_factory=list[int])
    """The queues that it shows; empty: all."""
    thresholds: Thresholds = Thresholds()
    """From which figures it warns, and alarms."""
    language: str | None = None
    """Its language, `en` or `vi`; null: the browser's."""
    theme: str = "dark"
    """Its colours."""


class WallboardChange(msgspec.Struct, forbid_unknown_fields=True):
    name: str | UnsetType = UNSET
    """Its name, which it shows."""
    tiles: list[str] | UnsetType = UNSET
    """The figures that it shows, in this order."""
    queueIds: list[int] | UnsetType = UNSET
    """The queues that it shows; empty: all."""
    thresholds: Thresholds | UnsetType = UNSET
    """From which figures it warns, and alarms; all are replaced."""
    language: str | UnsetType | None = UNSET
    """Its language, `en` or `vi`; null: the browser's."""
    theme: str | UnsetType = UNSET
    """Its colours."""


class WallboardCreated(Done, kw_only=True):
    wallboardId: int
    """The new board."""
    token: str | None
    """Its token, shown only here; null in the repeated response to an `Idempotency-Key`."""


def look_of(sent: NewWallboard | WallboardChange, before: Look | None = None) -> Look:
    """The look that was sent, completed by what it was before; InvalidInput for what is no look."""
    return Look(
        name=body.text_field("name", _or(sent.name, before and before.name), 255, min_length=1),
        tiles=_tiles(_or(sent.tiles, before and list(before.tiles))),
        queue_ids=_queues(_or(sent.queueIds, before and list(before.queue_ids))),
        thresholds=_thresholds(_or(sent.thresholds, before and before.thresholds)),
        language=_language(before.language if before and sent.language is UNSET else sent.language),
        theme=Theme(_one_of("theme", _or(sent.theme, before and before.theme), _THEMES)),
    )


def _or(sent: Any, before: Any) -> Any:
    return before if sent is UNSET else sent


def _language(value: object) -> str | None:
    return None if value is None else _one_of("language", str(value), _LANGUAGES)


def _tiles(names: list[str]) -> tuple[Tile, ...]:
    for name in names:
        _one_of("tiles", name, _TILES)
    if not names or len(set(names)) < len(names):
        raise InvalidInput("tiles must name at least one figure, each once")
    return tuple(map(Tile, names))


def _queues(sent: list[int]) -> tuple[QueueId, ...]:
    if len(sent) > MAX_QUEUES:
        raise InvalidInput(f"queueIds must name at most {MAX_QUEUES} queues, not {len(sent)}")
    return tuple(QueueId(ids.from_body("queueIds", one)) for one in dict.fromkeys(sent))


def _thresholds(sent: Thresholds) -> Thresholds:
    if (found := fault(sent)) is not None:
        raise InvalidInput(found)
    return sent


def _one_of(name: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise InvalidInput(f"{name} must be of {', '.join(known)}, not {shown(value)!r}")
    return value


def view(board: Wallboard) -> WallboardView:
    look = board.look
    return WallboardView(
        board.wallboard_id,
        look.name,
        board.hint,
        [str(tile) for tile in look.tiles],
        list(look.queue_ids),
        look.thresholds,
        look.language,
        look.theme,
        board.user_id,
        board.created_at,
        board.seen_at,
    )


class BoardQueue(msgspec.Struct, kw_only=True, rename="camel"):
    callin_id: int
    """The queue."""
    callin_name: str
    """Its name."""
    waiting: int
    """Callers who wait."""
    waiting_since: datetime | None
    """When the one who waits longest began to wait; null if nobody waits."""
    talking: int
    """Callers who are connected with an agent."""
    callbacks: int
    """Callbacks that are due, or being called."""
    agents: dict[str, int]
    """Its agents by state, states without one left out."""
    today: ServiceFigures
    """Since midnight in the tenant's time zone."""


class Board(msgspec.Struct, kw_only=True, rename="camel"):
    name: str
    """Its name."""
    tiles: list[Annotated[str, one_of(Tile)]]
    """The figures that it shows, in this order."""
    thresholds: Thresholds
    """From which figures it warns, and alarms."""
    language: Annotated[str, one_of(Language)] | None
    """Its language; null: the browser's."""
    theme: Annotated[str, one_of(Theme)]
    """Its colours."""
    waiting: int
    """Callers who wait, in the queues of the board."""
    waiting_since: datetime | None
    """When the one who waits longest began to wait; null if nobody waits."""
    talking: int
    """Callers who are connected with an agent."""
    callbacks: int
    """Callbacks that are due, or being called."""
    agents: dict[str, int]
    """Agents of its queues by state, each counted once; those of the tenant if it shows all queues."""
    today: ServiceFigures
    """Since midnight in the tenant's time zone, of all its queues."""
    queues: list[BoardQueue]
    """Its queues, by id."""


class Shown(msgspec.Struct, kw_only=True, rename="camel"):
    now: datetime
    """The server's time."""
    read_at: datetime
    """When the board was read."""
    board: Board
    """Its content, without callers, and without names of agents."""


def _since(waiting: list[Waiting]) -> datetime | None:
    return min((caller.since for caller in waiting), default=None)


def board_of(look: Look, figures: LiveFigures, agents: Mapping[str, int]) -> Board:
    """A board with its figures."""
    return Board(
        name=look.name,
        tiles=[str(tile) for tile in look.tiles],
        thresholds=look.thresholds,
        language=look.language,
        theme=look.theme,
        waiting=sum(len(queue.waiting) for queue in figures.queues),
        waiting_since=_since([caller for queue in figures.queues for caller in queue.waiting]),
        talking=sum(queue.talking for queue in figures.queues),
        callbacks=sum(queue.callbacks for queue in figures.queues),
        agents=dict(sorted(agents.items())),
        today=service(figures.today),
        queues=[_queue(queue) for queue in figures.queues],
    )


def _queue(queue: QueueFigures) -> BoardQueue:
    return BoardQueue(
        callin_id=queue.queue_id,
        callin_name=queue.name,
        waiting=len(queue.waiting),
        waiting_since=_since(queue.waiting),
        talking=queue.talking,
        callbacks=queue.callbacks,
        agents=dict(sorted(queue.agents.items())),
        today=service(queue.today),
    )


THRESHOLDS_SAMPLE: dict[str, Any] = {
    "waiting": {"warn": 5, "alarm": 10},
    "longestSec": {"warn": 30, "alarm": 60},
    "servicePercent": {"warn": 80, "alarm": 60},
}
SAMPLE: dict[str, Any] = {
    "wallboardId": 4,
    "name": "Phòng tổng đài",
    "hint": "wb_AbC1…9xYz",
    "tiles": _TILES,
    "queueIds": [],
    "thresholds": THRESHOLDS_SAMPLE,
    "language": "vi",
    "theme": "dark",
    "createdBy": 3,
    "createdAt": "2026-03-10T02:00:00Z",
    "seenAt": None,
}
_QUEUE: dict[str, Any] = {
    name: QUEUE_SAMPLE[name]
    for name in ("callinId", "callinName", "waiting", "talking", "callbacks", "agents", "today")
} | {"waitingSince": "2026-03-10T01:59:48Z"}
SHOWN_SAMPLE: dict[str, Any] = {
    "now": "2026-03-10T02:00:00Z",
    "readAt": "2026-03-10T02:00:00Z",
    "board": {name: SAMPLE[name] for name in ("name", "tiles", "thresholds", "language", "theme")}
    | {name: value for name, value in _QUEUE.items() if not name.startswith("callin")}
    | {"queues": [_QUEUE]},
}
