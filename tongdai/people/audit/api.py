"""`/audit`: who changed what, and when."""

import re
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import (
    ID,
    PLAIN_TEXT,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.ids import AuditId, KeyId, UserId
from tongdai.people.audit import store
from tongdai.people.audit.store import Entry, Filter

_ACTION = re.compile(r"[a-z_-]{1,64}([.][a-z_-]{1,64})?")
_MAX_SUBJECT = 255
_INSTANT = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "integer", "format": "int64", **ID}


class AuthorKind(StrEnum):
    USER = "user"
    KEY = "key"
    OPERATOR = "operator"


class AuditEntry(msgspec.Struct, rename="camel"):
    """A change, and who made it."""

    audit_id: int
    """Id of the entry; later ones are higher."""
    at: datetime
    """When it was made."""
    action: str
    """Such as `campaign.start`."""
    subject: str
    """To what, such as `campaign 1042`."""
    detail: dict[str, Any] | None
    """More of it, by the action; null: there is no more."""
    author: Annotated[str, one_of(AuthorKind)]
    """The author: a person by their session, a key, or the operator by the command line; also the server itself."""
    user_id: int | None
    """The person; null unless `author` is `user`."""
    key_id: int | None
    """The key; null unless `author` is `key`."""
    author_name: str | None
    """Name of the person or the key now; null: it is not the tenant's, or was deleted."""


class AuditPage(Listed, kw_only=True):
    data: list[AuditEntry]
    """The entries, newest first."""


@endpoint(
    Endpoint(
        method="GET",
        path="/audit",
        scope=Scope.ADMIN,
        tag="Users",
        summary="List who changed what, newest first",
        description="Entries are kept for `audit_days`. With `cursor` the list continues while changes are made.",
        query=(
            Query("userId", "Changes of a person", _ID, 3),
            Query("keyId", "Changes by a key", _ID, 12),
            Query(
                "action",
                "An action, `campaign.start`, or all of a kind, `campaign`",
                {"type": "string", "pattern": f"^{_ACTION.pattern}$"},
                "campaign",
            ),
            Query("subject", "To what", {"type": "string", "maxLength": _MAX_SUBJECT, **PLAIN_TEXT}, "campaign 1042"),
            Query("from", "Changes at that instant or later", _INSTANT),
            Query("to", "Changes before that instant", _INSTANT),
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=AuditPage,
        sample={
            "success": "1",
            "totalRecord": 1,
            "data": [
                {
                    "auditId": 57,
                    "at": "2026-03-10T02:00:00Z",
                    "action": "campaign.change",
                    "subject": "campaign 1042",
                    "detail": {"priority": [0, 5]},
                    "author": "user",
                    "userId": 3,
                    "keyId": None,
                    "authorName": "Lê Thị Hoa",
                }
            ],
        },
        slow=True,
    )
)
async def audit(request: Request) -> Response:
    tenant_id, query = principal_of(request).tenant_id, query_of(request)
    filters = _filter(query)
    wanted = cursor.list_request(request, query, AuditId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id, filters),
            after=partial(store.after, conn, tenant_id, filters),
            key=lambda entry: entry.audit_id,
        )
    return ok(AuditPage(totalRecord=part.total, nextCursor=part.next, data=[_view(entry) for entry in part.rows]))


def _filter(query: dict[str, list[str]]) -> Filter:
    action, subject = paging.single(query, "action"), paging.single(query, "subject")
    if action is not None and not _ACTION.fullmatch(action):
        raise InvalidInput(f"action must be such as campaign.start, or campaign, not {shown(action)!r}")
    if subject is not None:
        body.text_field("subject", subject, _MAX_SUBJECT)
    return Filter(
        user_id=paging.optional_id(query, "userId", UserId),
        key_id=paging.optional_id(query, "keyId", KeyId),
        action=action,
        subject=subject,
        since=paging.optional_instant(query, "from"),
        before=paging.optional_instant(query, "to"),
    )


def _view(entry: Entry) -> AuditEntry:
    author = AuthorKind.USER if entry.user_id else AuthorKind.KEY if entry.key_id else AuthorKind.OPERATOR
    return AuditEntry(
        audit_id=entry.audit_id,
        at=entry.at,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        author=author,
        user_id=entry.user_id,
        key_id=entry.key_id,
        author_name=entry.name,
    )


HANDLERS: list[Route] = [audit]
