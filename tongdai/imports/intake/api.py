"""Bulk import: from the request to a job whose rows are durable."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from tongdai import ids
from tongdai.contacts import store as contacts
from tongdai.contacts.on_duplicate import QUERY as ON_DUPLICATE
from tongdai.contacts.on_duplicate import UPDATE
from tongdai.contacts.on_duplicate import checked as checked_on_duplicate
from tongdai.contacts.view import SENT_FIELDS
from tongdai.db import idempotency
from tongdai.db.pool import UPLOAD_TIMEOUT_S, Connection, limit_statements
from tongdai.errors import InsufficientStorage, InvalidInput, InvalidState, NotFound, shown
from tongdai.files import media_type
from tongdai.files.header import no_number
from tongdai.http import body
from tongdai.http.endpoint import (
    NAME,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
    settings_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import digest_of, key_of, once_digested
from tongdai.http.openapi.fields import doc
from tongdai.http.paging import single
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, TenantId
from tongdai.imports import store
from tongdai.imports.intake import spool
from tongdai.imports.intake.decode import ALIASES, SPELLINGS
from tongdai.imports.intake.spool import Rows, Spooled
from tongdai.imports.readers import BodyFormat, Format
from tongdai.imports.readers.formats.given_uses import USES, parsed
from tongdai.text import as_seen

_TAG = "Imports"
MAX_LIST_NAME = 255
_SWITCHES = ("dry_run", "allSheets", "skipHidden")


BulkContact: Any = msgspec.defstruct("BulkContact", SENT_FIELDS, forbid_unknown_fields=True)
# For the document: the body itself is read by imports.readers.
BulkBody: Any = msgspec.defstruct(
    "BulkBody",
    [
        ("contacts", doc(list[BulkContact], "The contacts to add, in any number.")),
        ("listName", doc(str | None, "The list to add them to, made if missing; without one, a new list."), None),
    ],
    forbid_unknown_fields=True,
)


class BulkStarted(Done, kw_only=True):
    job_id: int
    """The import to poll."""
    total_rows: int
    """Number of rows that were received."""


_LIST_NAME = Query(
    "listName",
    "The list that they are put in, made if the campaign has none of that name; without it, one of a name of its own. "
    "JSON and forms may say it themselves",
    {"type": "string", "minLength": 1, **NAME},
    "Danh sach thang 4",
)
_DRY_RUN = Query(
    "dry_run",
    "Whether to create nothing, and only report the outcome that each row would have",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    "false",
    aliases=tuple(ALIASES),
)
ENCODING = Query(
    "encoding",
    "The character set of CSV, or of the text in a workbook, when the one that is detected is wrong; the job says "
    "which that is. `tcvn3` and `vni` are those of Vietnamese fonts from before Unicode",
    {"type": "string", "enum": list(media_type.ENCODINGS)},
    "cp1258",
)
SHEET = Query(
    "sheet",
    "The sheet of a workbook to read, by its name or its number from 1. Without it, the first visible one that has a "
    "column for the phone number; the job names the sheets that were not read",
    {"type": "string", "minLength": 1, **NAME},
    "Tháng 5",
)
ALL_SHEETS = Query(
    "allSheets",
    "Whether to read all visible sheets of a workbook that have a column for the phone number, each with its header",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    "false",
)
SKIP_HIDDEN = Query(
    "skipHidden",
    "Whether to leave out the rows that a workbook hides, as by a filter; the job counts them either way",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    "false",
)
COLUMNS = Query(
    "columns",
    "The uses of columns of CSV or of a workbook where the detected ones are wrong: a JSON object of headings, as the "
    f"job shows them, and uses, of {', '.join(USES)}. Columns that it does not name are detected, but for no use that "
    "it names; of several columns of numbers a row has the first usable one, in the order of the object",
    {"type": "string", "minLength": 2},
    '{"Liên hệ 1": "phoneNumber", "Ghi chú": "ignored"}',
)
_OPTIONS = (_LIST_NAME, _DRY_RUN, ON_DUPLICATE, ENCODING, SHEET, ALL_SHEETS, SKIP_HIDDEN, COLUMNS)
CSV = "Số điện thoại,Họ và tên,Mã khách hàng,Thành phố\n0901000001,Nguyễn Văn A,KH-1,Hà Nội\n0901000002,Trần Thị B,,\n"
_NDJSON = '{"phoneNumber":"0901000001","name":"KH 1"}\n{"phoneNumber":"0901000002"}\n'
_FORM_FIELDS = {
    "file": {"type": "string", "format": "binary", "description": "JSON, NDJSON, CSV or XLSX, by its type or name"},
    **{option.name: {**option.schema, "description": option.description} for option in _OPTIONS},
}
_MEDIA: Mapping[str, Mapping[str, Any]] = {
    "application/x-ndjson": {"schema": {"type": "string"}, "example": _NDJSON},
    "text/csv": {"schema": {"type": "string"}, "example": CSV},
    media_type.XLSX: {"schema": {"type": "string", "format": "binary"}},
    media_type.FORM: {"schema": {"type": "object", "properties": _FORM_FIELDS, "required": ["file"]}},
}
_DESCRIPTION = """\
Besides JSON: NDJSON (a contact a line), CSV and XLSX (a header row with a column for the phone number, by any usual \
name in English or Vietnamese, in any order; columns for `name`, `externalId` and `timeZone`; the others become \
`attributes`), as the body or as the one file of a form; each may be compressed with `Content-Encoding: gzip`. The \
separator and character set of CSV are detected; the job says what was detected, and what was left out."""


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/bulk",
        slow=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Import contacts in the background; poll the job until its status is done or failed",
        description=_DESCRIPTION,
        query=_OPTIONS,
        body=BulkBody,
        refine={"BulkBody": {"contacts": {"minItems": 1}, "listName": {"minLength": 1, **NAME}}},
        body_sample={
            "listName": "Danh sach thang 4",
            "contacts": [{"phoneNumber": "0901000001", "name": "KH 1"}, {"phoneNumber": "0901000002"}],
        },
        media=_MEDIA,
        response=BulkStarted,
        sample=done_sample("Bulk import started", job_id=5, total_rows=2),
        failures=(
            no_number("the header row has id, note"),
            InsufficientStorage(),
        ),
        states=True,
    )
)
async def bulk(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    key = key_of(request)
    query = query_of(request)
    sources = [checked_options({name: value for name in SPELLINGS if (value := single(query, name)) is not None})]
    async with spool.spooled(request) as spooled, spool.turn(spooled):
        digest = digest_of(request, spooled.digest)
        if key is not None and spool.is_read_apart(spooled):
            known = await _stored_response(request, key, digest)
            if known is not None:
                return known
        # Read and checked before there is a transaction: it holds a connection and the list's name.
        sources.append(checked_options(spooled.fields))
        body_format, updates = format_of(sources, spooled), _option(sources, ON_DUPLICATE.name) == UPDATE
        settings, country = settings_of(request), principal_of(request).country
        async with spool.read(spooled, body_format, settings, country, updates=updates) as rows:
            if rows.totals.list_name is not None:
                sources.append(checked_options({"listName": rows.totals.list_name}))
            options = _merged(sources, spooled)

            async def work(conn: Connection) -> BulkStarted:
                async with conn.transaction():
                    await limit_statements(conn, UPLOAD_TIMEOUT_S)
                    return await _accept(conn, principal_of(request).tenant_id, campaign_id, options, rows)

            if key is not None:
                return await once_digested(request, key, digest, work)
            async with connection(request) as conn:
                return ok(await work(conn))


async def _stored_response(request: Request, key: str, digest: bytes) -> Response | None:
    """The response to the first request of that key and body: the body need not be read again."""
    async with connection(request) as conn:
        row = await idempotency.recall(conn, principal_of(request).tenant_id, key)
    return None if row is None or row["digest"] != digest else Response(row["body"], row["status"])


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of an import."""

    list_name: str
    dry_run: bool
    updates: bool
    format: Format
    file_name: str | None


def checked_options(given: dict[str, str]) -> dict[str, str]:
    """Check the options that one part of the request gives, and return them by their documented names.

    Names of lists that look the same are the same.
    """
    given = _canonical(given)
    if "listName" in given:
        name = as_seen(body.text_field("listName", given["listName"], MAX_LIST_NAME, min_length=1))
        given = given | {"listName": body.text_field("listName", name, MAX_LIST_NAME, min_length=1)}
    if "sheet" in given:
        body.text_field("sheet", given["sheet"], MAX_LIST_NAME, min_length=1)
    checked_on_duplicate(given.get(ON_DUPLICATE.name))
    for name in _SWITCHES:
        if given.get(name) not in {None, "true", "false"}:
            raise InvalidInput(f"{name} is {shown(given[name])}: expected true or false")
    return given


def _canonical(given: dict[str, str]) -> dict[str, str]:
    """Options by their documented names (SPELLINGS); InvalidInput when two spellings of one differ."""
    each = [{SPELLINGS[name]: value} for name, value in given.items()]
    found = ((name, _option(each, name)) for name in SPELLINGS.values())
    return {name: value for name, value in found if value is not None}


def format_of(sources: list[dict[str, str]], spooled: Spooled) -> BodyFormat:
    """The body's format, with what query and form ask for."""
    encoding, sheet = _option(sources, "encoding"), _option(sources, "sheet")
    all_sheets, skip_hidden = (_option(sources, name) == "true" for name in ("allSheets", "skipHidden"))
    if (sheet is not None or all_sheets or skip_hidden) and spooled.body_format.format is not Format.XLSX:
        raise InvalidInput("sheet, allSheets and skipHidden are for XLSX: no other format has sheets")
    if sheet is not None and all_sheets:
        raise InvalidInput("sheet and allSheets are both given: expected one of them")
    columns = _option(sources, COLUMNS.name)
    if columns is not None and spooled.body_format.format not in {Format.CSV, Format.XLSX}:
        raise InvalidInput("columns is for CSV and XLSX: the fields of JSON have their names")
    uses = () if columns is None else parsed(columns)
    found = spooled.body_format if encoding is None else media_type.with_encoding(spooled.body_format, encoding)
    return replace(found, sheet=sheet, all_sheets=all_sheets, skip_hidden=skip_hidden, uses=uses)


def _merged(sources: list[dict[str, str]], spooled: Spooled) -> _Options:
    """Merge the options of query, form and body; InvalidInput when two of them differ."""
    name = _option(sources, "listName")
    dry_run, updates = _option(sources, "dry_run") == "true", _option(sources, ON_DUPLICATE.name) == UPDATE
    name = _fresh_name() if name is None else name
    return _Options(name, dry_run, updates, spooled.body_format.format, spooled.file_name)


def _option(sources: list[dict[str, str]], name: str) -> str | None:
    values = list(dict.fromkeys(given[name] for given in sources if name in given))
    if len(values) > 1:
        raise InvalidInput(f"{name} is {shown(values[0])} and {shown(values[1])}: expected the same, or only one")
    return values[0] if values else None


async def _accept(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, options: _Options, rows: Rows
) -> BulkStarted:
    """Store the job and its rows; they are durable when the transaction around this commits."""
    await _check_campaign(conn, tenant_id, campaign_id)
    if options.dry_run:
        list_id = await contacts.find_list(conn, tenant_id, campaign_id, options.list_name)
    else:
        list_id = await contacts.list_named(conn, tenant_id, campaign_id, options.list_name)
    job_id = await store.create(
        conn,
        tenant_id,
        campaign_id,
        list_id,
        options.list_name,
        dry_run=options.dry_run,
        format=options.format,
        file_name=options.file_name,
        updates=options.updates,
    )
    await store.add_chunks(conn, tenant_id, job_id, rows.chunks)
    detected = None if options.format is Format.JSON else rows.totals.detected
    await store.received(conn, tenant_id, job_id, rows.totals.total_rows, detected, rows.totals.headings)
    await store.announce(conn)
    return BulkStarted(error_message="Bulk import started", job_id=job_id, total_rows=rows.totals.total_rows)


async def _check_campaign(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> None:
    if check_there(await store.campaign_status(conn, tenant_id, campaign_id)) == contacts.STOPPED:
        raise InvalidState("The campaign is stopped and takes no contacts")


def check_there(status: int | None) -> int:
    """The status of a campaign; NotFound where there is no such campaign."""
    if status is None:
        raise NotFound("Campaign not found")
    return status


def _fresh_name() -> str:
    """A name that sorts by time and that no other list has."""
    return f"Import {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(4)}"


HANDLERS: list[Route] = [bulk]
