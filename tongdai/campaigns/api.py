"""`/campaigns`."""

import re
from collections.abc import Sequence
from functools import partial

import msgspec
from msgspec import UnsetType

from tongdai import ids
from tongdai.campaigns import sounds, store
from tongdai.campaigns.archive import api as archive_api
from tongdai.campaigns.hours import api as hours_api
from tongdai.campaigns.hours import store as hours
from tongdai.campaigns.model import DEFAULT_TYPE, TRANSITIONS, Action, Campaign
from tongdai.campaigns.settings import request as settings_request
from tongdai.campaigns.settings import view as settings_view
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import Played
from tongdai.campaigns.settings.view import REQUEST_SAMPLE, SETTINGS_SCHEMA, STRUCTS_SCHEMA
from tongdai.campaigns.view import (
    ROW_SAMPLE,
    SETTINGS_SAMPLE,
    WINDOWS_SAMPLE,
    CampaignChange,
    CampaignChanged,
    CampaignCreated,
    CampaignDetail,
    CampaignPage,
    CampaignRow,
    NewCampaign,
    row_view,
)
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
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
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, QueueId, TenantId
from tongdai.numbers.endpoints.check import check_usable
from tongdai.numbers.endpoints.model import EndpointKind

MAX_NAME = 255
_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_TYPE_SCHEMA = {"pattern": f"^{_TYPE.pattern}$"}
_TAG = "Campaigns"
_ARCHIVED = {"false": False, "true": True, "all": None}


_new = msgspec.json.Decoder(NewCampaign)
_change = msgspec.json.Decoder(CampaignChange)

_SETTINGS = (
    "The fields from `purpose` on are the campaign's settings; each may be sent alone. Calling windows are in the "
    "contact's local time and only narrow those of a law. A campaign that names neither a preset nor windows calls "
    "within its tenant's calling hours; to call at any hour, send the preset `none`. `effectiveWindows` has the "
    "windows in force. Advertising from Vietnam and the United States gets the "
    "preset of its law when none is sent. A retry rule replaces the default rule of its outcome."
)
_SETTINGS_FAILURES = (
    NotFound("Inbound queue not found"),
    InvalidInput("ringTimeoutSec must be 15 to 60, not 5"),
    InvalidInput("dialingMode predictive needs a queueId: the queue whose agents talk"),
)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="List the tenant's campaigns, by id, with their number of contacts by state",
        query=(
            Query(
                "userName", "Only campaigns of this person", {"type": "string", "maxLength": MAX_NAME}, "supervisor1"
            ),
            Query(
                "status",
                "1 inprocess, 2 running, 3 paused, 4 stopped",
                {"type": "integer", "minimum": 1, "maximum": 4},
                2,
            ),
            Query("type", "Campaign type", {"type": "string", **_TYPE_SCHEMA}, DEFAULT_TYPE),
            Query(
                "archived",
                "`false` campaigns that are not archived, `true` only those that are, `all` both",
                {"type": "string", "enum": list(_ARCHIVED), "default": "false"},
                "true",
            ),
            paging.PAGE_QUERY[0],
            Query("limit", "Records a page", paging.PAGE_QUERY[1].schema, paging.DEFAULT_SIZE),
            cursor.QUERY,
        ),
        response=CampaignPage,
        sample={"success": "1", "totalRecord": 1, "data": [ROW_SAMPLE]},
    )
)
async def list_campaigns(request: Request) -> Response:
    query = query_of(request)
    user_name = paging.single(query, "userName")
    if user_name is not None:
        body.text_field("userName", user_name, MAX_NAME)
    status = paging.whole(query, "status", 0, 1, 4) or None
    type_ = paging.single(query, "type")
    if type_ is not None:
        _check_type(type_)
    tenant_id = principal_of(request).tenant_id
    sent = paging.single(query, "archived") or "false"
    if sent not in _ARCHIVED:
        raise InvalidInput(f"archived must be {', '.join(_ARCHIVED)}, not {shown(sent)!r}")
    archived = _ARCHIVED[sent]
    wanted = cursor.list_request(request, query, CampaignId, "limit")
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(
                store.page, conn, tenant_id, user_name=user_name, status=status, type_=type_, archived=archived
            ),
            after=partial(
                store.after, conn, tenant_id, user_name=user_name, status=status, type_=type_, archived=archived
            ),
            key=lambda campaign: campaign.campaign_id,
        )
        rows = await _rows(conn, tenant_id, part.rows)
    return ok(CampaignPage(totalRecord=part.total, nextCursor=part.next, data=rows))


async def _rows(conn: Connection, tenant_id: TenantId, campaigns: Sequence[Campaign]) -> list[CampaignRow]:
    totals = await store.totals_of(conn, tenant_id, [campaign.campaign_id for campaign in campaigns])
    return [row_view(campaign, totals[campaign.campaign_id]) for campaign in campaigns]


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Create a campaign, in status 1",
        body=NewCampaign,
        description=_SETTINGS,
        refine={
            "NewCampaign": {
                "campaignName": {"minLength": 1, **NAME},
                "type": _TYPE_SCHEMA,
                "userName": NAME,
                **SETTINGS_SCHEMA,
            },
            **STRUCTS_SCHEMA,
        },
        body_sample={"campaignName": "Khao sat thang 4", "userName": "supervisor1", **REQUEST_SAMPLE},
        failures=_SETTINGS_FAILURES,
        response=CampaignCreated,
        sample=done_sample("Campaign created", campaignId=1042, effectiveWindows=WINDOWS_SAMPLE, missingSounds=[]),
    )
)
async def create_campaign(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new)
    body.text_field("campaignName", new.campaignName, MAX_NAME, min_length=1)
    _check_type(new.type)
    if new.userName is not None:
        body.text_field("userName", new.userName, MAX_NAME)
    principal = principal_of(request)
    sent = settings_request.sent_of(new)
    settings = settings_request.changed(CallSettings(), sent, principal.country)
    missing = await sounds.missing(partial(connection, request), principal.tenant_id, sent, settings_of(request))

    async def work(conn: Connection) -> CampaignCreated:
        await _lock_queue(conn, principal.tenant_id, settings.queue_id)
        await _check_trunk(conn, principal.tenant_id, settings.trunk)
        made = await store.create(
            conn, principal.tenant_id, new.campaignName, new.type, new.userName, principal.author, settings
        )
        windows = settings_view.windows_in_force(settings, await hours.find(conn, principal.tenant_id))
        return CampaignCreated(
            error_message=f"Campaign created. {sounds.note(missing)}" if missing else "Campaign created",
            campaignId=made.campaign_id,
            effectiveWindows=windows,
            missingSounds=list(missing),
        )

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Get a campaign, with its number of contacts by processStatus and by callStatus",
        response=CampaignDetail,
        sample=ROW_SAMPLE
        | SETTINGS_SAMPLE
        | {"processStatus": {"0": 120, "1": 2, "2": 58}, "callStatus": {"answered": 40, "no_answer": 18}},
    )
)
async def get_campaign(request: Request) -> Response:
    tenant_id, campaign_id = principal_of(request).tenant_id, _campaign_id(request)
    async with connection(request) as conn:
        campaign = await store.find(conn, tenant_id, campaign_id)
        own = await store.own_settings(conn, tenant_id, campaign_id)
        if campaign is None or own is None:
            raise NotFound("Campaign not found")
        totals = (await store.totals_of(conn, tenant_id, [campaign_id]))[campaign_id]
    detail = CampaignDetail(
        **msgspec.structs.asdict(row_view(campaign, totals)),
        **settings_view.settings_shown(*own),
        processStatus={str(status): count for status, count in totals.by_process_status.items()},
        callStatus=totals.by_call_status,
    )
    return ok(detail)


@endpoint(
    Endpoint(
        method="PATCH",
        path="/campaigns/{id}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Change the fields that are sent; null clears a nullable field",
        description=_SETTINGS,
        body=CampaignChange,
        refine={
            "CampaignChange": {
                "": {"minProperties": 1},
                "campaignName": {"minLength": 1, **NAME},
                "userName": NAME,
                **SETTINGS_SCHEMA,
            },
            **STRUCTS_SCHEMA,
        },
        body_sample={"campaignName": "Khao sat thang 5", "maxConcurrentCalls": 50, "callingWindows": None},
        response=CampaignChanged,
        sample=done_sample("Campaign updated successfully", effectiveWindows=WINDOWS_SAMPLE),
        failures=(*_SETTINGS_FAILURES, InvalidInput("audioFile must be a sound that the switch has, not 'spring'")),
    )
)
async def change_campaign(request: Request) -> Response:
    campaign_id = _campaign_id(request)
    change = body.decode(await body.read_json(request), _change)
    if change == CampaignChange():
        raise InvalidInput("Expected at least one field to change, campaignName for one")
    name = None if isinstance(change.campaignName, UnsetType) else change.campaignName
    if name is not None:
        body.text_field("campaignName", name, MAX_NAME, min_length=1)
    if isinstance(change.userName, str):
        body.text_field("userName", change.userName, MAX_NAME)
    user_name = None if isinstance(change.userName, UnsetType) else (change.userName,)
    sent = settings_request.sent_of(change)
    settings_request.check(sent)
    principal = principal_of(request)
    await sounds.check(partial(connection, request), principal.tenant_id, sent, settings_of(request))
    async with connection(request) as conn, conn.transaction():
        before = await store.lock(conn, principal.tenant_id, campaign_id)
        if before is None:
            raise NotFound("Campaign not found")
        after = settings_request.changed(before, sent, principal.country)
        if "queueId" in sent:
            await _lock_queue(conn, principal.tenant_id, after.queue_id)
        if "trunk" in sent:
            await _check_trunk(conn, principal.tenant_id, after.trunk)
        await store.change(
            conn,
            principal.tenant_id,
            campaign_id,
            name=name,
            user_name=user_name,
            settings=(before, after),
            by=principal.author,
        )
        windows = settings_view.windows_in_force(after, await hours.find(conn, principal.tenant_id))
    return ok(CampaignChanged(error_message="Campaign updated successfully", effectiveWindows=windows))


async def _lock_queue(conn: Connection, tenant_id: TenantId, queue_id: QueueId | None) -> None:
    """Keep a queue from being deleted until the transaction ends; NotFound when the tenant has no such queue."""
    if queue_id is not None and not await store.lock_queue(conn, tenant_id, queue_id):
        raise NotFound("Inbound queue not found")


async def _check_trunk(conn: Connection, tenant_id: TenantId, trunk: str | None) -> None:
    """Raise InvalidInput for a trunk that the tenant may not call by."""
    if trunk is not None:
        await check_usable(conn, tenant_id, "trunk", EndpointKind.TRUNK, trunk)


def _transition(action: Action, summary: str, message: str) -> Route:
    starts = action is Action.START

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/campaigns/{{id}}/{action}",
            scope=Scope.CAMPAIGN,
            tag=_TAG,
            summary=summary,
            response=CampaignChanged if starts else Done,
            sample=done_sample(message, **({"effectiveWindows": WINDOWS_SAMPLE} if starts else {})),
            states=True,
            failures=(sounds.refusal(Played("audioFile", "spring"), "spring"),) if starts else (),
        )
    )
    async def move(request: Request) -> Response:
        campaign_id = _campaign_id(request)
        raw = await body.read_nothing(request)
        principal = principal_of(request)
        refusal = await _refusal_of_start(request, campaign_id) if starts else None

        async def work(conn: Connection) -> Done:
            async with conn.transaction():
                if await store.move(conn, principal.tenant_id, campaign_id, action, principal.author) is None:
                    found = await store.find(conn, principal.tenant_id, campaign_id)
                    raise NotFound("Campaign not found") if found is None else _invalid_state(action, found)
                if refusal is not None:
                    raise refusal
            own = await store.own_settings(conn, principal.tenant_id, campaign_id) if starts else None
            if own is None:
                return Done(error_message=message)
            return CampaignChanged(error_message=message, effectiveWindows=settings_view.windows_in_force(*own))

        return await once(request, raw, work)

    return move


async def _refusal_of_start(request: Request, campaign_id: CampaignId) -> InvalidState | None:
    tenant_id = principal_of(request).tenant_id
    return await sounds.refusal_of_start(partial(connection, request), tenant_id, campaign_id, settings_of(request))


def _invalid_state(action: Action, found: Campaign) -> InvalidState:
    status = found.status
    if found.archived_at is not None and status in TRANSITIONS[action]:
        return InvalidState(f"Cannot {action} a campaign that is archived: take it out of the archive first")
    allowed = " or ".join(f"{s.value} ({s.name.lower()})" for s in TRANSITIONS[action])
    return InvalidState(f"Cannot {action} a campaign in status {status.value} ({status.name.lower()}), only {allowed}")


def _check_type(value: str) -> None:
    if not _TYPE.fullmatch(value):
        raise InvalidInput(f"type must be capital letters, digits and underscores, not {shown(value)!r}")


def _campaign_id(request: Request) -> CampaignId:
    return CampaignId(ids.from_path(request.path_params["id"], "Campaign"))


HANDLERS: list[Route] = [
    list_campaigns,
    create_campaign,
    get_campaign,
    change_campaign,
    _transition(Action.START, "Start or resume: from status 1 or 3 to 2", "Campaign started"),
    _transition(Action.PAUSE, "Pause: from status 2 to 3", "Campaign paused"),
    _transition(Action.STOP, "Stop for good: from status 2 or 3 to 4", "Campaign stopped"),
    *hours_api.HANDLERS,
    *archive_api.HANDLERS,
]
