"""Keypad menus in the database."""

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, MenuId, TenantId
from tongdai.queues.destinations import store as destinations
from tongdai.queues.destinations.model import of_stored, stored_form
from tongdai.queues.destinations.store import Users
from tongdai.queues.menus.model import Menu

_COLUMNS = "menu_id, name, greeting, timeout_s, repeats, options, otherwise"
Row = tuple[MenuId, Menu]

PAGE = f"select {_COLUMNS} from menu where tenant_id = $1 order by menu_id limit $2 offset $3"
COUNT = "select count(*) from menu where tenant_id = $1"
AFTER = f"select {_COLUMNS} from menu where tenant_id = $1 and menu_id > $2 order by menu_id limit $3"
FIND = f"select {_COLUMNS} from menu where tenant_id = $1 and menu_id = $2"
ALL = f"select {_COLUMNS} from menu where tenant_id = $1"
# One change of menus at a time: whether they have too many levels is a matter of all of them.
LOCK = "select true from tenant where tenant_id = $1 for no key update"


async def page(conn: Connection, tenant_id: TenantId, limit: int, offset: int) -> tuple[list[Row], int]:
    """A page of the tenant's menus, by id, and the number of all."""
    rows = await conn.fetch(PAGE, tenant_id, limit, offset)
    return [_row(row) for row in rows], await conn.fetchval(COUNT, tenant_id)


async def after(conn: Connection, tenant_id: TenantId, menu_id: MenuId | None, limit: int) -> list[Row]:
    """The tenant's next menus behind one (None: the first), by id."""
    return [_row(row) for row in await conn.fetch(AFTER, tenant_id, menu_id or 0, limit)]


async def find(conn: Connection, tenant_id: TenantId, menu_id: MenuId) -> Menu | None:
    row = await conn.fetchrow(FIND, tenant_id, menu_id)
    return None if row is None else _row(row)[1]


async def all_of(conn: Connection, tenant_id: TenantId) -> dict[MenuId, Menu]:
    """All menus of a tenant."""
    return dict(_row(row) for row in await conn.fetch(ALL, tenant_id))


async def lock(conn: Connection, tenant_id: TenantId) -> None:
    """Keep others from changing menus until the transaction ends."""
    await conn.fetchval(LOCK, tenant_id)


CREATE = """
insert into menu (tenant_id, name, greeting, timeout_s, repeats, options, otherwise)
values ($1, $2, $3, $4, $5, $6, $7) returning menu_id
"""


async def create(conn: Connection, tenant_id: TenantId, menu: Menu, by: Author | None) -> MenuId:
    menu_id = await conn.fetchval(CREATE, tenant_id, *_values(menu))
    await audit.record(conn, tenant_id, by, "menu.create", f"menu {menu_id}")
    return menu_id


CHANGE = """
update menu set name = $3, greeting = $4, timeout_s = $5, repeats = $6, options = $7, otherwise = $8
where tenant_id = $1 and menu_id = $2 returning true
"""


async def change(conn: Connection, tenant_id: TenantId, menu_id: MenuId, menu: Menu, by: Author | None) -> bool:
    """Replace a menu; False when there is none."""
    if not await conn.fetchval(CHANGE, tenant_id, menu_id, *_values(menu)):
        return False
    await audit.record(conn, tenant_id, by, "menu.change", f"menu {menu_id}")
    return True


HOLD = "select true from menu where tenant_id = $1 and menu_id = $2 for update"
DELETE = "delete from menu where tenant_id = $1 and menu_id = $2"


async def delete(conn: Connection, tenant_id: TenantId, menu_id: MenuId, by: Author | None) -> bool | Users:
    """Delete a menu; False when there is none, and what sends callers to it when that keeps it from being deleted."""
    async with conn.transaction():
        if not await conn.fetchval(HOLD, tenant_id, menu_id):
            return False
        users = (await destinations.users_of_menus(conn, tenant_id, [menu_id]))[menu_id]
        if any(users):
            return users
        await conn.execute(DELETE, tenant_id, menu_id)
        await audit.record(conn, tenant_id, by, "menu.delete", f"menu {menu_id}")
    return True


def _values(menu: Menu) -> tuple[object, ...]:
    options = {key: stored_form(option) for key, option in sorted(menu.options.items())}
    return menu.name, menu.greeting, menu.timeout_s, menu.repeats, options, stored_form(menu.otherwise)


def _row(row: asyncpg.Record) -> Row:
    options = {key: found for key, one in row["options"].items() if (found := of_stored(one)) is not None}
    return row["menu_id"], Menu(
        name=row["name"],
        greeting=row["greeting"],
        timeout_s=row["timeout_s"],
        repeats=row["repeats"],
        options=options,
        otherwise=of_stored(row["otherwise"]),
    )
