"""The targets of destinations in the database."""

from collections.abc import Sequence
from typing import NamedTuple

from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound
from tongdai.ids import MenuId, QueueId, TenantId
from tongdai.queues.destinations.model import stored_form
from tongdai.queues.model import Destination, DestinationKind

# Locked, so that the queue is not deleted before something refers to it.
QUEUE = "select true from inbound_queue where tenant_id = $1 and queue_id = $2 for key share"

MENU = "select true from menu where tenant_id = $1 and menu_id = $2 for key share"


async def hold_queue(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> bool:
    """Keep a queue from being deleted until the transaction ends; False when there is none."""
    return bool(await conn.fetchval(QUEUE, tenant_id, queue_id))


async def require(
    conn: Connection,
    tenant_id: TenantId,
    field: str,
    destination: Destination | None,
    *,
    not_queue: QueueId | None = None,
) -> None:
    """Raise NotFound unless the tenant has what a destination names, and InvalidInput for the queue `not_queue`.

    Within the transaction that stores it.
    """
    if destination is None or destination.kind not in {DestinationKind.QUEUE, DestinationKind.MENU}:
        return
    assert destination.target is not None, "queues and menus have ids"
    if destination.kind is DestinationKind.MENU:
        await require_menu(conn, tenant_id, f"{field}.menuId", MenuId(int(destination.target)))
        return
    queue_id = QueueId(int(destination.target))
    if queue_id == not_queue:
        raise InvalidInput(f"{field}.queueId must be another queue")
    if not await hold_queue(conn, tenant_id, queue_id):
        raise NotFound(f"{field}.queueId: inbound queue {queue_id} not found")


async def require_menu(conn: Connection, tenant_id: TenantId, field: str, menu_id: MenuId) -> None:
    """Raise NotFound unless the tenant has the menu, within the transaction that stores it."""
    if not await conn.fetchval(MENU, tenant_id, menu_id):
        raise NotFound(f"{field}: menu {menu_id} not found")


_SETTINGS = ("when_full", "when_empty", "overflow", "divert_to", "locked")
QUEUES = f"""
select queue_id from opening_hours where tenant_id = $1 and after_hours @> $2
union
select queue_id from queue_setting where tenant_id = $1 and ({" or ".join(f"{name} @> $2" for name in _SETTINGS)})
order by queue_id limit $3
"""
MENUS = """
select menu_id from menu
where tenant_id = $1
    and (otherwise @> $2 or jsonb_path_exists(options, '$.* ? (@.kind == $kind && @.target == $target)', $2))
order by menu_id limit $3
"""
DEFAULTS = "select true from default_opening_hours where tenant_id = $1 and after_hours @> $2"


class Users(NamedTuple):
    """The settings that send callers to a destination."""

    queues: list[QueueId]
    menus: list[MenuId]
    defaults: bool
    """Whether the tenant's default opening hours do."""


async def users(conn: Connection, tenant_id: TenantId, destination: Destination, limit: int) -> Users:
    """The settings that send callers to a destination; at most `limit` queues and as many menus."""
    sought = stored_form(destination)
    queues = [row["queue_id"] for row in await conn.fetch(QUEUES, tenant_id, sought, limit)]
    menus = [row["menu_id"] for row in await conn.fetch(MENUS, tenant_id, sought, limit)]
    return Users(queues, menus, bool(await conn.fetchval(DEFAULTS, tenant_id, sought)))


OF_MENUS = f"""
select 'queue' as kind, queue_id as user_id, menu_id::text as target from queue_setting
where tenant_id = $1 and menu_id::text = any($2)
union
select 'queue', queue_id, sent ->> 'target' from queue_setting, unnest(array[{", ".join(_SETTINGS)}]) as sent
where tenant_id = $1 and sent ->> 'kind' = 'menu' and sent ->> 'target' = any($2)
union
select 'queue', queue_id, after_hours ->> 'target' from opening_hours
where tenant_id = $1 and after_hours ->> 'kind' = 'menu' and after_hours ->> 'target' = any($2)
union
select 'menu', menu_id, option ->> 'target' from menu, jsonb_path_query(options, '$.*') as option
where tenant_id = $1 and option ->> 'kind' = 'menu' and option ->> 'target' = any($2)
union
select 'defaults', 0, after_hours ->> 'target' from default_opening_hours
where tenant_id = $1 and after_hours ->> 'kind' = 'menu' and after_hours ->> 'target' = any($2)
order by user_id
"""


async def users_of_menus(conn: Connection, tenant_id: TenantId, menu_ids: Sequence[MenuId]) -> dict[MenuId, Users]:
    """The settings that bring callers to each of these menus: destinations, and queues that have it in front."""
    rows = await conn.fetch(OF_MENUS, tenant_id, [str(menu_id) for menu_id in menu_ids])
    found: dict[MenuId, Users] = {}
    for menu_id in menu_ids:
        of_menu = [(row["kind"], row["user_id"]) for row in rows if row["target"] == str(menu_id)]
        found[menu_id] = Users(
            [QueueId(user_id) for kind, user_id in of_menu if kind == "queue"],
            [MenuId(user_id) for kind, user_id in of_menu if kind == "menu"],
            any(kind == "defaults" for kind, _ in of_menu),
        )
    return found
