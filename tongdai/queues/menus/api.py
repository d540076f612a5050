"""`/queues/menus`: keypad menus."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import NextCursor, TotalRecord
from tongdai.http.endpoint import (
    NAME,
    Endpoint,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.ids import MenuId, TenantId
from tongdai.queues.destinations import store as destinations
from tongdai.queues.destinations import view
from tongdai.queues.destinations.store import Users
from tongdai.queues.destinations.view import CallerDestination
from tongdai.queues.menus import store
from tongdai.queues.menus.model import KEYS, MAX_LEVELS, MAX_NAME, REPEATS, TIMEOUT_S, Menu, too_deep
from tongdai.queues.model import DestinationKind

_TAG = "Menus"
NO_MENU = "Menu not found"
_NAMED = 5
"""The most queues, and menus, that a refusal names."""


class MenuSent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    """Name of the menu."""
    greeting: str | None = None
    """The sound of the switch that tells the keys; null: silence."""
    timeoutSec: int = 5
    """How long a key is waited for after the greeting."""
    repeats: int = 2
    """How often the greeting is played again, after no key or a wrong one."""
    options: dict[str, CallerDestination]
    """Where callers go, by the key that they press."""
    otherwise: CallerDestination | None = None
    """Where callers go who pressed none of the keys, but no menu; null: the call ends."""


class MenuUsers(msgspec.Struct, kw_only=True):
    """Settings that bring callers to a menu, and keep it from being deleted."""

    queues: list[int]
    """The queues that have it in front, or send callers there by their settings or hours."""
    menus: list[int]
    """The menus with an option that leads there."""
    defaultHours: bool
    """Whether the opening hours that queues have without their own send callers there."""


class MenuView(msgspec.Struct, kw_only=True):
    menuId: int
    """The menu."""
    name: str
    """Its name."""
    greeting: str | None
    """The sound of the switch that tells the keys; null: silence."""
    timeoutSec: int
    """How long a key is waited for after the greeting."""
    repeats: int
    """How often the greeting is played again, after no key or a wrong one."""
    options: dict[str, CallerDestination]
    """Where callers go, by the key that they press."""
    otherwise: CallerDestination | None
    """Where callers go who pressed none of the keys; null: the call ends."""
    usedBy: MenuUsers
    """The settings that bring callers there."""


class MenuPage(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    totalRecord: TotalRecord = msgspec.UNSET
    nextCursor: NextCursor = msgspec.UNSET
    data: list[MenuView]
    """The menus, by id."""


class MenuCreated(Done, kw_only=True):
    menuId: int
    """The new menu."""


_menu = msgspec.json.Decoder(MenuSent)
_NONE = {"queueId": None, "number": None, "sound": None, "menuId": None}
_SENT: dict[str, Any] = {
    "name": "Chào mừng",
    "greeting": "tongdai/welcome",
    "timeoutSec": 5,
    "repeats": 2,
    "options": {"1": {"kind": "queue", "queueId": 1001227}, "9": {"kind": "callback"}},
    "otherwise": {"kind": "queue", "queueId": 1001226},
}
_SAMPLE: dict[str, Any] = {
    "menuId": 12,
    **_SENT,
    "options": {key: _NONE | option for key, option in _SENT["options"].items()},
    "otherwise": _NONE | _SENT["otherwise"],
    "usedBy": {"queues": [1001225], "menus": [], "defaultHours": False},
}
_REFINE: dict[str, Any] = {
    "MenuSent": {
        "name": {"minLength": 1, **NAME},
        "greeting": view.SCHEMA["sound"],
        "timeoutSec": {"minimum": TIMEOUT_S[0], "maximum": TIMEOUT_S[1]},
        "repeats": {"minimum": REPEATS[0], "maximum": REPEATS[1]},
        "options": {"minProperties": 1, "propertyNames": {"enum": [*KEYS]}},
    },
    "CallerDestination": view.SCHEMA,
}
_RULES = (
    "A key counts at any time, also during the greeting. An option may be another menu: at most three levels, and no "
    "way back to a menu."
)


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/menus",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="List the menus",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=MenuPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
    )
)
async def list_menus(request: Request) -> Response:
    query, principal = query_of(request), principal_of(request)
    wanted = cursor.list_request(request, query, MenuId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, principal.tenant_id),
            after=partial(store.after, conn, principal.tenant_id),
            key=lambda row: row[0],
        )
        users = await destinations.users_of_menus(conn, principal.tenant_id, [menu_id for menu_id, _ in part.rows])
    rows = [_view(menu_id, menu, users[menu_id], principal.country) for menu_id, menu in part.rows]
    return ok(MenuPage(totalRecord=part.total, nextCursor=part.next, data=rows))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/menus/{menuId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get a menu",
        response=MenuView,
        sample=_SAMPLE,
    )
)
async def get_menu(request: Request) -> Response:
    principal, menu_id = principal_of(request), _menu_id(request)
    async with connection(request) as conn:
        menu = await store.find(conn, principal.tenant_id, menu_id)
        if menu is None:
            raise NotFound(NO_MENU)
        users = await destinations.users_of_menus(conn, principal.tenant_id, [menu_id])
    return ok(_view(menu_id, menu, users[menu_id], principal.country))


@endpoint(
    Endpoint(
        method="POST",
        path="/queues/menus",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Create a menu",
        description=_RULES,
        body=MenuSent,
        refine=_REFINE,
        body_sample=_SENT,
        response=MenuCreated,
        sample=done_sample("Menu created", menuId=12),
        failures=(NotFound("Inbound queue not found"),),
    )
)
async def create_menu(request: Request) -> Response:
    raw = await body.read_json(request)
    principal = principal_of(request)
    menu = _parsed(body.decode(raw, _menu), principal.country)

    async def work(conn: Connection) -> MenuCreated:
        async with conn.transaction():
            await _check(conn, principal.tenant_id, None, menu)
            menu_id = await store.create(conn, principal.tenant_id, menu, principal.author)
        return MenuCreated(error_message="Menu created", menuId=menu_id)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/menus/{menuId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Replace a menu, for callers who press a key from then on",
        description=_RULES,
        body=MenuSent,
        refine=_REFINE,
        body_sample=_SENT,
        response=Done,
        sample=done_sample("Menu updated successfully"),
    )
)
async def change_menu(request: Request) -> Response:
    principal, menu_id = principal_of(request), _menu_id(request)
    menu = _parsed(body.decode(await body.read_json(request), _menu), principal.country)
    async with connection(request) as conn, conn.transaction():
        await _check(conn, principal.tenant_id, menu_id, menu)
        if not await store.change(conn, principal.tenant_id, menu_id, menu, principal.author):
            raise NotFound(NO_MENU)
    return ok(Done(error_message="Menu updated successfully"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/queues/menus/{menuId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Delete a menu that no queue and no other menu refers to",
        response=Done,
        sample=done_sample("Menu deleted successfully"),
        states=True,
    )
)
async def delete_menu(request: Request) -> Response:
    principal, menu_id = principal_of(request), _menu_id(request)
    async with connection(request) as conn:
        deleted = await store.delete(conn, principal.tenant_id, menu_id, principal.author)
    if isinstance(deleted, Users):
        raise InvalidState(f"Cannot delete a menu that is used by {_users(deleted)}")
    if not deleted:
        raise NotFound(NO_MENU)
    return ok(Done(error_message="Menu deleted successfully"))


def _users(users: Users) -> str:
    kinds: list[tuple[str, Sequence[int]]] = [("queue", users.queues), ("menu", users.menus)]
    named = [f"{noun} {one}" for noun, found in kinds for one in found[:_NAMED]]
    return ", ".join([*named, *(["the default opening hours"] if users.defaults else [])])


def _menu_id(request: Request) -> MenuId:
    return MenuId(ids.from_path(request.path_params["menuId"], "Menu"))


def _parsed(sent: MenuSent, country: str) -> Menu:
    body.text_field("name", sent.name, MAX_NAME, min_length=1)
    for name, value, (least, most) in (
        ("timeoutSec", sent.timeoutSec, TIMEOUT_S),
        ("repeats", sent.repeats, REPEATS),
    ):
        if not least <= value <= most:
            raise InvalidInput(f"{name} must be {least} to {most}, not {shown(value)}")
    unknown = [key for key in sent.options if len(key) != 1 or key not in KEYS]
    if unknown or not sent.options:
        named = f"not {shown(unknown[0])!r}" if unknown else "at least one of them"
        raise InvalidInput(f"options must be by the keys 0 to 9, * and #, {named}")
    options = {
        key: option
        for key, one in sent.options.items()
        if (option := view.parse(f"options.{key}", one, country)) is not None
    }
    otherwise = view.parse("otherwise", sent.otherwise, country)
    if otherwise is not None and otherwise.kind is DestinationKind.MENU:
        raise InvalidInput("otherwise must be no menu: callers who press nothing would hear one after the other")
    return Menu(
        name=sent.name,
        greeting=None if sent.greeting is None else view.parse_sound("greeting", sent.greeting),
        timeout_s=sent.timeoutSec,
        repeats=sent.repeats,
        options=options,
        otherwise=otherwise,
    )


async def _check(conn: Connection, tenant_id: TenantId, menu_id: MenuId | None, menu: Menu) -> None:
    """Raise unless everything that a menu names exists, and the menus with it have few enough levels."""
    await store.lock(conn, tenant_id)
    menus = await store.all_of(conn, tenant_id)
    if menu_id is not None and menu_id not in menus:
        raise NotFound(NO_MENU)
    for key, option in sorted(menu.options.items()):
        await destinations.require(conn, tenant_id, f"options.{key}", option)
    await destinations.require(conn, tenant_id, "otherwise", menu.otherwise)
    this = MenuId(0) if menu_id is None else menu_id
    if too_deep({**menus, this: menu}, this):
        raise InvalidInput(f"options must not lead back to a menu, nor through more than {MAX_LEVELS} of them")


def _view(menu_id: MenuId, menu: Menu, users: Users, country: str) -> MenuView:
    options = {key: view.show(option, country) for key, option in menu.options.items()}
    return MenuView(
        menuId=menu_id,
        name=menu.name,
        greeting=menu.greeting,
        timeoutSec=menu.timeout_s,
        repeats=menu.repeats,
        options={key: option for key, option in options.items() if option is not None},
        otherwise=view.show(menu.otherwise, country),
        usedBy=MenuUsers(queues=[*users.queues], menus=[*users.menus], defaultHours=users.defaults),
    )


HANDLERS: list[Route] = [list_menus, get_menu, create_menu, change_menu, delete_menu]
