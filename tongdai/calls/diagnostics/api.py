"""Why nobody is being called: `/campaigns/{id}/diagnostics`, and `why` of one contact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from tongdai import ids
from tongdai.call_outcome import Outcome
from tongdai.calls.api import contact_of
from tongdai.calls.diagnostics import store as diagnostics_store
from tongdai.calls.diagnostics.campaign_snapshot import CampaignKey, CampaignSnapshot
from tongdai.calls.diagnostics.rules import (
    MESSAGES,
    Blocker,
    PendingReason,
    SoundState,
    blockers,
    next_call_at,
    reason_of,
)
from tongdai.calls.diagnostics.store import CampaignDiagnosis, ContactDiagnosis
from tongdai.campaigns.model import Status
from tongdai.contacts.model import ProcessStatus
from tongdai.db.pool import Connection
from tongdai.errors import NotFound
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, settings_of
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId
from tongdai.switches.sounds import store as sounds

_TAG = "Calls"
SHOWN_ZONES = 3
"""Time zones that a sentence names."""


class BlockerView(msgspec.Struct):
    code: Annotated[str, one_of(Blocker)]
    """The reason why the campaign calls nobody, or calls slowly."""
    message: str
    """The same in English."""


class SoundView(msgspec.Struct):
    setting: str
    """The setting that names it: `audioFile` of a campaign without agents, else `abandonFile`."""
    name: str
    """The sound; the server's default where the campaign names none."""
    state: Annotated[str, one_of(SoundState)]
    """Whether the switch has it. `unchecked`: that could not be checked, as without a switch, or was not lately."""


class Diagnostics(msgspec.Struct, kw_only=True, rename="camel"):
    """The wire's names are these in camel case."""

    campaign_id: int
    """The campaign."""
    status: Annotated[int, one_of(Status)]
    """State of the campaign: 1 inprocess, 2 running, 3 paused, 4 stopped."""
    at: datetime
    """When this was found."""
    pending: int
    """Number of pending contacts: the sum of the seven reasons."""
    callable_now: int
    """Contacts that can be called now."""
    waiting_for_window: int
    """Contacts outside their calling window."""
    waiting_for_retry: int
    """Contacts that are due later, after an earlier call."""
    zone_unknown: int
    """Contacts whose time zone is not known, so that no window can be open."""
    do_not_call: int
    """Contacts whose number is on a do-not-call list."""
    number_in_call: int
    """Contacts whose number is in a call of another campaign."""
    over_number_cap: int = msgspec.field(name="overNumberCeiling")
    """Contacts whose number was called as often as it may be."""
    next_open_at: datetime | None
    """When the next calling window opens; null: one is open, or none ever opens."""
    next_due_at: datetime | None
    """When the next contact is due that waits for a retry; null: none does."""
    sound: SoundView | None
    """The sound that the campaign plays; null: it plays none."""
    blockers: list[BlockerView]
    """The reasons why the whole campaign calls nobody, or calls slowly."""


class Why(msgspec.Struct, kw_only=True, rename="camel"):
    campaign_id: int
    """The campaign."""
    contact_id: int
    """The contact."""
    process_status: Annotated[int, one_of(ProcessStatus)]
    """0 pending, 1 in_call, 2 processed."""
    call_status: Annotated[str, one_of(Outcome)] | None
    """Outcome of its last call; null before the first."""
    reason: str
    """Why it is not being called; `callableNow`: nothing keeps it from being called."""
    message: str
    """The same in English."""
    next_call_at: datetime | None
    """When it can be called next; null: now, or not known, or never."""
    blockers: list[BlockerView]
    """The reasons why the whole campaign calls nobody, or calls slowly."""


_BLOCKER = {"code": "paused", "message": MESSAGES[Blocker.PAUSED]}
_DIAGNOSTICS: dict[str, Any] = {
    "campaignId": 1042,
    "status": 3,
    "at": "2026-03-10T02:00:00Z",
    "pending": 120,
    "callableNow": 80,
    "waitingForWindow": 10,
    "waitingForRetry": 20,
    "zoneUnknown": 0,
    "doNotCall": 7,
    "numberInCall": 1,
    "overNumberCeiling": 2,
    "nextOpenAt": "2026-03-10T03:00:00Z",
    "nextDueAt": "2026-03-10T02:04:10Z",
    "sound": {"setting": "audioFile", "name": "spring-offer", "state": "present"},
    "blockers": [_BLOCKER],
}


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/diagnostics",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Why nobody is being called: each pending contact counted by one reason, and what keeps the campaign",
        description=(
            "The seven counts add up to `pending`. A contact is counted with the first that holds of: `doNotCall`; "
            "`zoneUnknown`, where a preset has calling hours and nothing tells where the person is; `waitingForRetry`, "
            "due later (`nextDueAt` the first); `waitingForWindow`, due and outside the calling hours (`nextOpenAt` "
            "the first); `numberInCall`, its number is in another call; `overNumberCeiling`, its number was called "
            "as often as it may be; `callableNow`. `blockers` tells what keeps the campaign from calling those: "
            f"{', '.join(f'`{blocker}`' for blocker in Blocker)}. With `switch_full` and `at_max_calls` it continues "
            "as calls end, with `no_agent_free` and `abandonment_cap_reached` as agents come free; nothing else is "
            "said of a campaign that calls."
        ),
        response=Diagnostics,
        sample=_DIAGNOSTICS,
    )
)
async def diagnose(request: Request) -> Response:
    key = CampaignKey(principal_of(request).tenant_id, CampaignId(ids.from_path(request.path_params["id"], "Campaign")))
    async with connection(request) as conn:
        found = await diagnostics_store.diagnose_campaign(conn, key, settings_of(request).default_sound)
        if found is not None:
            await _have_checked(conn, found.campaign)
    if found is None:
        raise NotFound("Campaign not found")
    return ok(_view(key.campaign_id, found, settings_of(request).max_calls))


async def _have_checked(conn: Connection, campaign: CampaignSnapshot) -> None:
    """Have the sound checked that was not lately, for the next request."""
    sound = campaign.state.sound
    if sound is not None and sound.state is SoundState.UNCHECKED and campaign.switch.up:
        await sounds.ask(conn, campaign.switch.switch_id, [sound.name])


def _view(campaign_id: CampaignId, found: CampaignDiagnosis, max_calls: int) -> Diagnostics:
    state = found.campaign.state
    return Diagnostics(
        campaign_id=campaign_id,
        status=state.status,
        at=found.campaign.rules.now,
        pending=state.pending,
        callable_now=found.counts[PendingReason.CALLABLE_NOW],
        waiting_for_window=found.counts[PendingReason.WAITING_FOR_WINDOW],
        waiting_for_retry=found.counts[PendingReason.WAITING_FOR_RETRY],
        zone_unknown=found.counts[PendingReason.ZONE_UNKNOWN],
        do_not_call=found.counts[PendingReason.DO_NOT_CALL],
        number_in_call=found.counts[PendingReason.NUMBER_IN_CALL],
        over_number_cap=found.counts[PendingReason.OVER_NUMBER_CAP],
        next_open_at=found.next_open_at,
        next_due_at=found.next_due_at,
        sound=None if state.sound is None else SoundView(state.sound.wire, state.sound.name, state.sound.state),
        blockers=_views(_blockers(found.campaign, max_calls)),
    )


def _blockers(campaign: CampaignSnapshot, max_calls: int) -> list[Blocker]:
    return blockers(campaign.settings, campaign.state, campaign.switch, max_calls)


def _views(found: Sequence[Blocker]) -> list[BlockerView]:
    return [BlockerView(blocker, MESSAGES[blocker]) for blocker in found]


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/{contactId}/why",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Why a contact is not being called, in a sentence, and when it may be",
        description=(
            "`reason` is one of those of the campaign's diagnostics, or `inCall`, or `processed`. `nextCallAt` is the "
            "earliest instant by what is known now, `blockers` aside; null: it is not going to be called."
        ),
        response=Why,
        sample={
            "campaignId": 1042,
            "contactId": 88001,
            "processStatus": 0,
            "callStatus": "no_answer",
            "reason": "waitingForRetry",
            "message": "Due again at 2026-03-10 09:04 (Asia/Ho_Chi_Minh), after no_answer. The campaign is paused.",
            "nextCallAt": "2026-03-10T02:04:10Z",
            "blockers": [_BLOCKER],
        },
    )
)
async def why(request: Request) -> Response:
    campaign_id, contact_id = contact_of(request)
    key = CampaignKey(principal_of(request).tenant_id, campaign_id)
    async with connection(request) as conn:
        found = await diagnostics_store.diagnose_contact(conn, key, contact_id, settings_of(request).default_sound)
    if found is None:
        raise NotFound("Contact not found")
    reason, message, next_at = _reported(found)
    kept = [] if found.process_status else _blockers(found.campaign, settings_of(request).max_calls)
    return ok(
        Why(
            campaign_id=campaign_id,
            contact_id=contact_id,
            process_status=found.process_status,
            call_status=found.contact.call_status,
            reason=reason,
            message=" ".join([message, *(MESSAGES[blocker] for blocker in kept)]),
            next_call_at=next_at,
            blockers=_views(kept),
        )
    )


def _reported(found: ContactDiagnosis) -> tuple[str, str, datetime | None]:
    """Reason, sentence, next call."""
    status, rules = found.contact.call_status, found.campaign.rules
    if found.process_status == 1:
        return "inCall", f"It is being called: {found.call_state or 'its call is ending'}.", None
    if found.process_status == 2:
        listed = "Its number is on a do-not-call list."
        reported = listed if status == Outcome.DNC else f"It is called no more; its last call: {status or 'none'}."
        return "processed", reported, None
    reason = reason_of(rules, found.contact)
    return reason, _sentence(found, reason), next_call_at(rules, found.contact)


def _sentence(found: ContactDiagnosis, reason: PendingReason) -> str:
    contact = found.contact
    after = f", after {contact.call_status}" if contact.call_status else ""
    sentences = {
        PendingReason.DO_NOT_CALL: (
            f"Its number is on a do-not-call list: {contact.dnc_list}{_until(found, contact.dnc_until)}."
        ),
        PendingReason.ZONE_UNKNOWN: (
            "Its time zone is not known, and the campaign's rules allow calls only by the time where the person is."
        ),
        PendingReason.WAITING_FOR_RETRY: f"Due again at {_local(found, contact.due_at)}{after}.",
        PendingReason.WAITING_FOR_WINDOW: _outside_windows(found),
        PendingReason.NUMBER_IN_CALL: "Its number is in another call.",
        PendingReason.OVER_NUMBER_CAP: (
            f"Its number was called as often as it may be{_until(found, contact.capped_until)}."
        ),
        PendingReason.CALLABLE_NOW: "It may be called now.",
    }
    return sentences[reason]


def _outside_windows(found: ContactDiagnosis) -> str:
    rules = found.campaign.rules
    zones = (found.contact.zone or rules.tenant_zone).split(",")
    opens = rules.opens(found.contact.zone, rules.now)
    if opens is None and len(zones) > 1:
        return (
            f"Its number may be in any of {len(zones)} time zones, and the calling hours are never open in all of them "
            "at once. A timeZone of the contact says where it is."
        )
    where = " and ".join(zones) if len(zones) <= SHOWN_ZONES else f"all {len(zones)} time zones where it may be"
    return f"Outside the calling hours in {where}, " + (
        "which never open." if opens is None else f"which open at {_local(found, opens)}."
    )


def _until(found: ContactDiagnosis, instant: datetime | None) -> str:
    return "" if instant is None else f", until {_local(found, instant)}"


def _local(found: ContactDiagnosis, instant: datetime) -> str:
    """An instant in the tenant's time zone, for messages."""
    zone = found.campaign.rules.tenant_zone
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


HANDLERS: list[Route] = [diagnose, why]
