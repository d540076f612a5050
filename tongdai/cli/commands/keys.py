"""`tongdai key`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, pepper_of, run
from tongdai.cli.param_types import DURATION, ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.http.principal import Scope
from tongdai.ids import KeyId, TenantId
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store
from tongdai.tenants.model import ApiKey


class _Scopes(click.ParamType[list[str]]):
    name = "scopes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        scopes = [scope.strip() for scope in value.split(",") if scope.strip()]
        for scope in scopes or [value]:
            if scope not in set(Scope):
                self.fail(f"{scope!r} is no scope: expected {', '.join(Scope)}.", param, ctx)
        return sorted(set(scopes))


@click.group
def key() -> None:
    """Create, list, rotate and revoke API keys.

    A key is shown once, when it is created; the database stores only a digest. A tenant's key acts for that tenant. A
    platform key, for a gateway, acts for the tenant that each request names in X-Tenant-ID.

    \b
    Example:
      tongdai key create --tenant 20260310 --scopes campaign,queue
    """


@key.command
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, help="The tenant that the key acts for.")
@click.option("--platform", is_flag=True, help="A platform key, for a gateway: acts for any tenant.")
@click.option("--scopes", required=True, type=_Scopes(), help=f"What it may do: some of {','.join(Scope)}.")
@click.option("--name", default="", type=Text(0), help="The key's name, for lists.")
@click.option(
    "--expires-in", metavar="TIME", type=DURATION, help="Lifetime: 90s, 15m, 24h or 30d.  [default: it does not expire]"
)
@database_options
def create(
    settings: Settings,
    tenant_id: int | None,
    platform: bool,
    scopes: list[str],
    name: str,
    expires_in: timedelta | None,
) -> None:
    """Create a key and print it on standard output.

    \b
    Example:
      KEY=$(tongdai key create --tenant 20260310 --scopes campaign,queue --name CRM --expires-in 30d)
    """
    if (tenant_id is not None) == platform:
        raise click.UsageError("Expected either --tenant ID or --platform.")
    if expires_in == timedelta(0):
        raise click.BadParameter("a key that never holds is of no use.", param_hint="--expires-in")

    async def work(conn: Connection) -> tuple[str, ApiKey]:
        owner = None if tenant_id is None else (await known(conn, tenant_id)).tenant_id
        expires_at = datetime.now(UTC) + expires_in if expires_in is not None else None
        return await _make(conn, await pepper_of(conn, settings), owner, scopes, name, expires_at)

    _print(*run(settings, work, creates=tenant_id is None))


@key.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, help="Keys of this tenant only.")
@click.option("--platform", is_flag=True, help="Platform keys only.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int | None, platform: bool, as_json: bool) -> None:
    """List keys, revoked and expired ones included. `revoke` and `rotate` take the keyId.

    \b
    Example:
      tongdai key list --tenant 20260310
    """
    if tenant_id is not None and platform:
        raise click.UsageError("Expected --tenant ID or --platform, not both.")

    async def work(conn: Connection) -> list[ApiKey]:
        if tenant_id is None and not platform:
            return await store.list_all_keys(conn)
        owner = None if tenant_id is None else (await known(conn, tenant_id)).tenant_id
        return (await store.list_keys(conn, owner, 2**31, 0))[0]

    now = datetime.now(UTC)
    rows = [_row(found, now) for found in run(settings, work)]
    columns = ["keyId", "tenantId", "name", "hint", "scopes", "state", "createdAt", "expiresAt", "revokedAt"]
    show(columns, rows, as_json=as_json)


@key.command
@click.argument("key_id", metavar="KEY_ID", type=ID)
@database_options
def revoke(settings: Settings, key_id: int) -> None:
    """Revoke a key, on running servers within a second. KEY_ID is the number in `tongdai key list`.

    \b
    Example:
      tongdai key revoke 7
    """
    found = run(settings, lambda conn: store.revoke_key(conn, KeyId(key_id), within=None, by=None))
    if found is None:
        raise _unknown(key_id)
    click.echo(f"Key {key_id} ({found.hint}) is revoked")


@key.command
@click.argument("key_id", metavar="KEY_ID", type=ID)
@click.option(
    "--overlap",
    metavar="TIME",
    type=DURATION,
    default="24h",
    show_default=True,
    help="How long the old key stays valid.",
)
@database_options
def rotate(settings: Settings, key_id: int, overlap: timedelta) -> None:
    """Replace a key by a new one, and let the old one expire.

    The new key is printed. It has the old one's tenant, scopes and name, and its lifetime if it has one. Both are valid
    until the overlap ends: switch to the new one before.

    \b
    Example:
      tongdai key rotate 7 --overlap 24h
    """
    value, made, old = run(settings, lambda conn: _rotate(conn, settings, KeyId(key_id), overlap))
    _print(value, made)
    click.echo(f"Key {key_id} ({old.hint}) holds until {old.expires_at:%Y-%m-%d %H:%M:%S}Z", err=True)


async def _rotate(
    conn: Connection, settings: Settings, key_id: KeyId, overlap: timedelta
) -> tuple[str, ApiKey, ApiKey]:
    pepper = await pepper_of(conn, settings)
    async with conn.transaction():
        now = datetime.now(UTC)
        old = await store.find_key_by_id(conn, key_id)
        if old is None:
            raise _unknown(key_id)
        if not old.usable(now):
            raise OperatorError(f"key {key_id} has ended already; create a new one with tongdai key create")
        expires_at = now + (old.expires_at - old.created_at) if old.expires_at else None
        value, made = await _make(conn, pepper, old.tenant_id, old.scopes, old.name, expires_at)
        ended = await store.expire_key(conn, key_id, now + overlap)
        assert ended is not None
    return value, made, ended


async def _make(
    conn: Connection,
    pepper: bytes,
    tenant_id: TenantId | None,
    scopes: Iterable[str],
    name: str,
    expires_at: datetime | None,
) -> tuple[str, ApiKey]:
    value = key_format.generate()
    made = await store.create_key(
        conn,
        tenant_id,
        name=name,
        hint=key_format.hint(value),
        digest=key_format.digest(value, pepper),
        scopes=scopes,
        expires_at=expires_at,
        by=None,
    )
    return value, made


def _print(value: str, made: ApiKey) -> None:
    owner = "all tenants" if made.tenant_id is None else f"tenant {made.tenant_id}"
    ends = f" until {made.expires_at:%Y-%m-%d %H:%M:%S}Z" if made.expires_at else ""
    click.echo(
        f"Key {made.key_id} for {owner}: {', '.join(sorted(made.scopes))}{ends}. It is shown only now:", err=True
    )
    click.echo(value)


def _unknown(key_id: int) -> OperatorError:
    return OperatorError(f"key {key_id} not found; list keys with tongdai key list")


def _row(found: ApiKey, now: datetime) -> dict[str, object]:
    return {
        "keyId": found.key_id,
        "tenantId": found.tenant_id,
        "name": found.name,
        "hint": found.hint,
        "scopes": sorted(found.scopes),
        "state": _state(found, now),
        "createdAt": found.created_at,
        "expiresAt": found.expires_at,
        "revokedAt": found.revoked_at,
    }


def _state(found: ApiKey, now: datetime) -> str:
    return "usable" if found.usable(now) else "revoked" if found.revoked_at else "expired"
