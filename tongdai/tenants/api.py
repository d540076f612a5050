"""`/tenants/me` and `/api-keys`."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InsufficientScope, InvalidInput, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import Listed
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
    settings_of,
)
from tongdai.http.envelope import Done, ok
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Principal, Scope
from tongdai.ids import KeyId
from tongdai.tenants import key_format, store
from tongdai.tenants.model import ApiKey

MAX_NAME = 255


class TenantView(msgspec.Struct):
    tenantId: int
    """The tenant."""
    name: str
    """Its name."""
    country: str
    """ISO 3166 code of the country whose numbers are written in their national form."""
    timeZone: str
    """IANA name of the time zone whose days the tenant's figures count by."""
    tenantLimit: int
    """Requests that the tenant may make in any 10 seconds."""
    routeLimit: int
    """Requests that it may make to one route in any 10 seconds."""
    createdAt: datetime
    """When it was created."""


class KeyView(msgspec.Struct, kw_only=True):
    keyId: int
    """The key."""
    name: str
    """Its name."""
    hint: str
    """Its first and last characters, to tell keys apart."""
    scopes: list[Annotated[str, one_of(Scope)]]
    """The routes that it may be used for."""
    createdAt: datetime
    """When it was created."""
    expiresAt: datetime | None
    """When it expires; null: never."""
    revokedAt: datetime | None
    """When it was revoked; null: it was not."""


class KeyPage(Listed, kw_only=True):
    data: list[KeyView]
    """The keys, by id."""


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    scopes: list[str]
    """The routes that it may be used for: of those of the key of the request."""
    name: str = ""
    """Name of the key."""
    expiresAt: datetime | None = None
    """When it expires; null: when the key of the request does, or never."""


class KeyCreated(Done, kw_only=True):
    keyId: int
    """The new key."""
    key: str | None
    """Its value, shown only here; null in the repeated response to an `Idempotency-Key`."""
    scopes: list[Annotated[str, one_of(Scope)]]
    """The routes that it may be used for."""
    expiresAt: datetime | None
    """When it expires; null: never."""


_SCOPES = frozenset(Scope)
_new_key = msgspec.json.Decoder(NewKey)

_KEY_SAMPLE = {
    "keyId": 7,
    "name": "CRM",
    "hint": "sk_live_AbC1…9xYz",
    "scopes": ["campaign", "queue"],
    "createdAt": "2026-03-10T02:00:00Z",
    "expiresAt": None,
    "revokedAt": None,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/tenants/me",
        scope=Scope.ADMIN,
        tag="Tenants and keys",
        summary="Get the tenant that the key acts for, with its limits over 10 seconds",
        response=TenantView,
        sample={
            "tenantId": 20260310,
            "name": "AloHub",
            "country": "VN",
            "timeZone": "Asia/Ho_Chi_Minh",
            "tenantLimit": 600,
            "routeLimit": 200,
            "createdAt": "2026-03-10T02:00:00Z",
        },
    )
)
async def me(request: Request) -> Response:
    async with connection(request) as conn:
        tenant = await store.find_tenant(conn, principal_of(request).tenant_id)
    if tenant is None:
        raise NotFound("Tenant not found")
    settings = settings_of(request)
    view = TenantView(
        tenant.tenant_id,
        tenant.name,
        tenant.country,
        tenant.zone,
        tenant.tenant_limit or settings.tenant_limit,
        tenant.route_limit or settings.route_limit,
        tenant.created_at,
    )
    return ok(view)


@endpoint(
    Endpoint(
        method="GET",
        path="/api-keys",
        scope=Scope.ADMIN,
        tag="Tenants and keys",
        summary="List the tenant's keys, revoked and expired ones included, without their values",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=KeyPage,
        sample={"success": "1", "totalRecord": 1, "data": [_KEY_SAMPLE]},
    )
)
async def list_keys(request: Request) -> Response:
    query, tenant_id = query_of(request), principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, KeyId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.list_keys, conn, tenant_id),
            after=partial(store.keys_after, conn, tenant_id),
            key=lambda key: key.key_id,
        )
    return ok(KeyPage(totalRecord=part.total, nextCursor=part.next, data=[_view(key) for key in part.rows]))


@endpoint(
    Endpoint(
        method="POST",
        path="/api-keys",
        scope=Scope.ADMIN,
        tag="Tenants and keys",
        summary="Create a key; only this response shows its value",
        body=NewKey,
        refine={"NewKey": {"name": NAME, "scopes": {"minItems": 1, "items": {"enum": [str(s) for s in Scope]}}}},
        body_sample={"name": "CRM", "scopes": ["campaign", "queue"]},
        response=KeyCreated,
        sample={
            "success": "1",
            "error_code": "SUCCESS",
            "error_message": "Key created",
            "keyId": 7,
            "key": "sk_live_…",
            "scopes": ["campaign", "queue"],
            "expiresAt": None,
        },
    )
)
async def create_key(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new_key)
    principal = principal_of(request)
    _check(new, principal)
    pepper: bytes = request.resources.pepper

    async def work(conn: Connection) -> KeyCreated:
        value = key_format.generate()
        key = await store.create_key(
            conn,
            principal.tenant_id,
            name=new.name,
            hint=key_format.hint(value),
            digest=key_format.digest(value, pepper),
            scopes=set(new.scopes),
            expires_at=new.expiresAt or principal.expires_at,
            by=principal.author,
        )
        return KeyCreated(
            error_message="Key created",
            keyId=key.key_id,
            key=value,
            scopes=sorted(key.scopes),
            expiresAt=key.expires_at,
        )

    return await once(request, raw, work, keep=_without_value)


def _without_value(created: object) -> object:
    """The response to store for a repeated request: without the key's value, which is shown once and never stored."""
    assert isinstance(created, KeyCreated)
    return msgspec.structs.replace(created, key=None, error_message="Key created before; its value is shown once")


@endpoint(
    Endpoint(
        method="DELETE",
        path="/api-keys/{keyId}",
        scope=Scope.ADMIN,
        tag="Tenants and keys",
        summary="Revoke a key; it is refused everywhere within a second",
        response=Done,
        sample={"success": "1", "error_code": "SUCCESS", "error_message": "Key revoked"},
    )
)
async def revoke_key(request: Request) -> Response:
    principal = principal_of(request)
    key_id = KeyId(ids.from_path(request.path_params["keyId"], "Key"))
    async with connection(request) as conn:
        found = await store.revoke_key(conn, key_id, within=principal.tenant_id, by=principal.author)
    if found is None:
        raise NotFound("Key not found")
    request.resources.guard.forget()  # this process does not wait for its own notification
    return ok(Done(error_message="Key revoked"))


def _check(new: NewKey, principal: Principal) -> None:
    """Check a new key; it may neither do more than the key that creates it nor outlive it."""
    body.text_field("name", new.name, MAX_NAME)
    if not new.scopes:
        raise InvalidInput(f"scopes must name at least one of {', '.join(Scope)}, not none")
    for scope in new.scopes:
        if scope not in _SCOPES:
            raise InvalidInput(f"scopes must be of {', '.join(Scope)}, not {shown(scope)!r}")
    for scope in sorted(set(new.scopes)):
        if scope not in principal.scopes:
            raise InsufficientScope(scope)
    if new.expiresAt is not None and not _to_come(new.expiresAt):
        raise InvalidInput(
            f"expiresAt must be an instant to come, with its offset from UTC, not {shown(new.expiresAt.isoformat())}"
        )
    if new.expiresAt is not None and principal.expires_at is not None and new.expiresAt > principal.expires_at:
        raise InvalidInput(
            f"expiresAt must be no later than {principal.expires_at.isoformat()}, when the key of this request expires"
        )


def _to_come(instant: datetime) -> bool:
    try:
        return instant.tzinfo is not None and instant.astimezone(UTC) > datetime.now(UTC)
    except OverflowError:
        # At the end of the year 9999 west of Greenwich: not representable in UTC.
        return False


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        keyId=key.key_id,
        name=key.name,
        hint=key.hint,
        scopes=sorted(key.scopes),
        createdAt=key.created_at,
        expiresAt=key.expires_at,
        revokedAt=key.revoked_at,
    )


HANDLERS: list[Route] = [me, list_keys, create_key, revoke_key]
