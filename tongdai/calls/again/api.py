"""`/campaigns/{id}/contacts/call-again`: processed contacts become due again."""

from typing import Any

import msgspec

from tongdai import ids
from tongdai.call_outcome import Outcome
from tongdai.calls.again import store
from tongdai.calls.again.model import MAX_CONTACTS, NONE_LEFT_OUT, Selection
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import Status
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, ContactId, ListId

_OUTCOMES = [outcome.value for outcome in Outcome]


class CallAgain(msgspec.Struct, forbid_unknown_fields=True):
    contactIds: list[int] | None = None
    """Contacts by id."""
    listId: int | None = None
    """Contacts of one list."""
    callStatus: list[str] | None = None
    """Contacts whose last call had one of these outcomes."""
    dryRun: bool = False
    """Whether to change nothing, and only count."""
    after: int = 0
    """The `next` of the response before it; 0 begins."""


class CallAgainDone(Done, kw_only=True):
    dueAgain: int
    """Number of contacts that became due, or would."""
    byCallStatus: dict[str, int]
    """Their number by the outcome of their last call."""
    doNotCall: int
    """Number of contacts on a do-not-call list: they stay processed."""
    overCap: int
    """Number of contacts that had all calls that the campaign allows for all time: they stay processed."""
    pending: int
    """Number of selected contacts that are pending already; of the first request, 0 with `after`."""
    inCall: int
    """Number of selected contacts that are in a call; of the first request, 0 with `after`."""
    notFound: int
    """Number of `contactIds` that are no contacts of the campaign, or not of the list or with the outcomes."""
    next: int | None
    """Where the next request continues, in `after`; null: no more are selected."""


_call_again = msgspec.json.Decoder(CallAgain)

_DESCRIPTION = f"""\
Of the processed contacts that are named by `contactIds` (at most {MAX_CONTACTS:,}), in the list `listId` and whose \
last call had one of the outcomes `callStatus`; at least one of the three is needed, several narrow each other. With \
`dryRun` nothing changes, and the numbers are those of what would: count first.

`dueAgain` became due, by the outcome of their last call in `byCallStatus`; they keep it, and are called when the \
campaign runs and its windows and caps allow. `doNotCall` are on a do-not-call list and `overCap` have had all \
calls that `contactCeiling` allows for all time: they stay processed. `pending` and `inCall` need no reset, and \
`notFound` counts ids that name no such contact. Retry rules count their earlier calls as before.

A request looks at {store.AT_ONCE:,} contacts. While `next` is not null, repeat it with `after` set to `next`."""
_SAMPLE: dict[str, Any] = {
    "dueAgain": 58,
    "byCallStatus": {"busy": 18, "no_answer": 40},
    "doNotCall": 2,
    "overCap": 0,
    "pending": 12,
    "inCall": 1,
    "notFound": 0,
    "next": None,
}


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/call-again",
        scope=Scope.CAMPAIGN,
        tag="Contacts",
        summary="Make processed contacts due again, by id, list or outcome; dryRun counts them first",
        description=_DESCRIPTION,
        body=CallAgain,
        refine={
            "CallAgain": {
                "": {
                    "anyOf": [
                        {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
                        for name in ("contactIds", "listId", "callStatus")
                    ]
                },
                "contactIds": {
                    "minItems": 1,
                    "maxItems": MAX_CONTACTS,
                    "items": {"type": "integer", "format": "int64", **ID},
                },
                "listId": ID,
                "callStatus": {"minItems": 1, "items": {"type": "string", "enum": _OUTCOMES}},
                "after": {"minimum": 0, "maximum": ID["maximum"]},
            }
        },
        body_sample={"listId": 501, "callStatus": ["no_answer", "busy"], "dryRun": True},
        response=CallAgainDone,
        sample=done_sample("58 contacts would be called again", **_SAMPLE),
        failures=(NotFound("Campaign not found"),),
        states=True,
    )
)
async def call_again(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    raw = await body.read_json(request)
    sent = body.decode(raw, _call_again)
    selection = _selection(sent)
    if not 0 <= sent.after <= ids.LARGEST:
        raise InvalidInput(f"after must be the next of an earlier response, not {shown(sent.after)}")
    principal = principal_of(request)

    async def work(conn: Connection) -> CallAgainDone:
        campaign = await campaigns.find(conn, principal.tenant_id, campaign_id)
        settings = await campaigns.call_settings(conn, principal.tenant_id, campaign_id)
        if campaign is None or settings is None:
            raise NotFound("Campaign not found")
        list_id = selection.list_id
        if list_id is not None and not await store.list_exists(conn, principal.tenant_id, campaign_id, list_id):
            raise NotFound("Contact list not found")
        if campaign.status is Status.STOPPED:
            raise InvalidState("The campaign is stopped and calls nobody")
        others = NONE_LEFT_OUT
        if not sent.after:
            others = await store.not_processed(conn, principal.tenant_id, campaign_id, selection)
        place = (conn, principal.tenant_id, campaign_id, selection, settings.contact_cap, ContactId(sent.after))
        done = await store.count(*place) if sent.dryRun else await store.reset(*place, principal.author)
        effect = "would be called again" if sent.dryRun else "will be called again"
        return CallAgainDone(
            error_message=f"{done.due} contacts {effect}",
            dueAgain=done.due,
            byCallStatus=dict(sorted(done.by_call_status.items())),
            doNotCall=done.do_not_call,
            overCap=done.over_cap,
            pending=others.pending,
            inCall=others.in_call,
            notFound=others.not_found,
            next=done.last,
        )

    return await once(request, raw, work)


def _selection(sent: CallAgain) -> Selection:
    if (sent.contactIds, sent.listId, sent.callStatus) == (None, None, None):
        raise InvalidInput("Expected contactIds, listId or callStatus: which contacts to call again")
    if sent.contactIds is not None and not 0 < len(sent.contactIds) <= MAX_CONTACTS:
        raise InvalidInput(f"contactIds must have 1 to {MAX_CONTACTS} items, not {len(sent.contactIds)}")
    selection = Selection(
        None if sent.contactIds is None else [ContactId(ids.from_body("contactIds", one)) for one in sent.contactIds],
        None if sent.listId is None else ListId(ids.from_body("listId", sent.listId)),
        sent.callStatus,
    )
    for status in sent.callStatus or ():
        if status not in _OUTCOMES:
            raise InvalidInput(f"callStatus must be of {', '.join(_OUTCOMES)}, not {shown(status)!r}")
    if sent.callStatus == []:
        raise InvalidInput("callStatus must have at least one item")
    return selection


HANDLERS: list[Route] = [call_again]
