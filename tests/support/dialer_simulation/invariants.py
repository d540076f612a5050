"""The invariants of dialling. Each check adds a violation to the world for each thing that is wrong."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from tests.support.dialer_simulation.world import World
from tests.support.switch import channels_of
from tongdai.agents.model import IN_CALL as WITH_CALL
from tongdai.agents.model import AgentState
from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls.model import CallState
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import open_until
from tongdai.campaigns.settings.values import Mode
from tongdai.dialer.call.model import PLAYED_AFTER
from tongdai.switch.events import PARTY
from tongdai.switch.simulated.ledger import SimulatedCall
from tongdai.testing.memory_store.model import IN_CALL, PENDING, Ended

STOP_S = 1.0
"""The longest time from a pause to the last originate of the campaign, and from a hold to that of all."""
DNC_S = 5.0
"""The longest time from a listing to the last originate of the number."""


def check_originate(world: World, body: Mapping[str, object]) -> None:
    """Check an originate when the dialer requests it."""
    channel_id, endpoint = str(body["channelId"]), str(body["endpoint"])
    if channel_id in world.originated:
        world.wrong(f"{channel_id} is asked for a second time")
    world.originated.add(channel_id)
    if "@" not in endpoint or body["appArgs"] == PARTY:
        return
    call = world.store.active.get(UUID(channel_id))
    if call is None or call.state is not CallState.DIALING:
        world.wrong(f"{channel_id} is asked for while {call and call.state}")
        return
    now = world.clock.now()
    contact, campaign = world.store.contacts[call.contact_id], world.store.campaigns[call.campaign_id]
    if endpoint != f"PJSIP/{contact.phone[1:]}@trunk":
        world.wrong(f"{endpoint} is dialled for {contact.phone}")
    for what, at, within_s in (
        ("dialing was held", world.held_at, STOP_S),
        ("its campaign was paused", world.paused_at.get(campaign.campaign_id), STOP_S),
        ("it was put on a do-not-call list", world.listed_at.get(contact.phone), DNC_S),
    ):
        if at is not None and (now - at).total_seconds() > within_s:
            world.wrong(f"dialled {now - at} after {what}")
    if open_until(campaign.settings, contact.zone, world.store.tenant_zone, now) is None:
        world.wrong("dialled outside of the window")
    if contact.contact_id in world.deleted:
        world.wrong("dialled after it was deleted")
    _check_sound(world, campaign.settings)


def _check_sound(world: World, settings: CallSettings) -> None:
    if world.plan.check_sounds and not world.plan.stormy and settings.audio_file == "missing":
        world.wrong("dialled while its sound is missing")


def check_arrival(world: World, call: SimulatedCall) -> str | None:
    """Check an originate when the switch executes it, which may be much later. A rule of the ledger."""
    if call.agent:
        return None
    ended = world.store.over.get(UUID(call.channel_id))
    return None if ended is None else f"its call had ended as {ended.ending.outcome}"


def check_store(world: World) -> None:
    """Check at any time that contacts, queues of due contacts, calls and agents are consistent."""
    store = world.store
    live = {call.contact_id: call for call in store.active.values()}
    in_call = {contact.contact_id for contact in store.contacts.values() if contact.process_status == IN_CALL}
    if in_call != set(live):
        world.wrong(f"contacts in a call and live calls differ: {in_call ^ set(live)}")
    for campaign in store.campaigns.values():
        due = sum(map(len, campaign.due.values()))
        pending = [
            contact for contact in store.contacts.values()
            if contact.campaign_id == campaign.campaign_id and contact.process_status == PENDING and not contact.deleted
        ]  # fmt: skip
        if due != len(pending):
            world.wrong(f"{len(pending)} contacts are pending, {due} wait to be called")
    for agent in store.agents.values():
        has_call = agent.state in WITH_CALL
        if has_call != (agent.call_id in store.active or agent.call_id in world.acd.live):
            world.wrong(f"agent {agent.agent_id} is {agent.state} for {agent.call_id}")


def check_retries(world: World) -> None:
    """Check that each call of a contact but the first was due by the end of the call before."""
    for contact_id, ended in world.store._histories.items():
        for before, after in pairwise(ended):
            if before.next_attempt_at is None:
                world.wrong(f"contact {contact_id} was called again after {before.ending.outcome}")
            elif after.call.opened_at < before.next_attempt_at:
                world.wrong(f"contact {contact_id} was called again before it was due")
            elif before.ending.outcome not in NOT_PLACED:
                world.saw("retried")


def check_outcomes(world: World) -> None:
    """Check the outcomes in the store against what the switch did."""
    records = {record.channel_id: record for record in world.simulated.ledger.calls}
    for call_id, ended in world.store.over.items():
        world.saw(ended.ending.outcome.value)
        record = records.get(str(call_id))
        if (problem := _contradiction(ended, record)) is not None:
            world.wrong(f"{call_id} ended as {ended.ending.outcome}, {problem}")
        settings = world.store.campaigns[ended.call.campaign_id].settings
        certain = not world.plan.stormy and not world.plan.crash_at_step
        if certain and settings.mode is Mode.AGENTLESS and _heard_nothing(ended, record):
            world.wrong(f"{call_id} ended as {ended.ending.outcome}, and the person heard nothing")


def _heard_nothing(ended: Ended, record: SimulatedCall | None) -> bool:
    """Whether a call counts as answered in which nothing was played until we hung up."""
    if record is None or ended.ending.outcome is not Outcome.ANSWERED:
        return False
    return record.played_at is None and record.hung_up_by_us


def _heard(record: SimulatedCall) -> bool:
    """Whether a sound was heard. A callee who hangs up as it begins has heard nothing, and the event that tells of it
    may be lost."""
    played_at, ended_at = record.played_at, record.ended_at
    return played_at is not None and (ended_at is None or ended_at - played_at >= PLAYED_AFTER)


def _contradiction(ended: Ended, record: SimulatedCall | None) -> str | None:
    """How an outcome contradicts the switch's record of the call; None: it does not."""
    outcome = ended.ending.outcome
    answered = record is not None and record.answered_at is not None
    if outcome in NOT_PLACED and record is not None:
        return "and was dialled"
    if outcome in {Outcome.ANSWERED, Outcome.ABANDONED} and not answered:
        return "and nobody answered"
    if ended.ending.failure is not None and (record is None or not answered or _heard(record)):
        return "with a sound that was not played, and heard one or did not answer"
    if outcome is Outcome.MACHINE and (record is None or record.verdict != "MACHINE" or record.bridged_at is not None):
        return "by no verdict or after it was connected"
    if answered and outcome in {Outcome.BUSY, Outcome.INVALID_NUMBER}:
        return "and was answered"
    return None


def check_channels(world: World, since: datetime) -> None:
    """Check, a lease after `since`, that each live call has a channel and each channel a live call."""
    channels = {record.channel_id for record in world.simulated.ledger.active.values() if not record.agent}
    for call in world.store.active.values():
        if call.opened_at < since and str(call.call_id) not in channels:
            world.wrong(f"{call.call_id} is {call.state} and has no channel")
        if call.lease_until < world.clock.now():
            world.wrong(f"{call.call_id} is {call.state} and past its lease")
    for channel_id in channels:
        if UUID(channel_id) not in world.store.active:
            world.wrong(f"channel {channel_id} belongs to no call")


def check_nothing_left(world: World) -> None:
    """Check, long after all campaigns were paused and all agents signed out, that no call or channel is left."""
    if (channels := channels_of(world.simulated)) or world.store.active:
        world.wrong(f"{len(world.store.active)} calls and channels {channels} are left")
    states = {agent.state for agent in world.store.agents.values()}
    if states != {AgentState.OFFLINE}:
        world.wrong(f"agents signed out are {states}")
    if not world.plan.stormy and world.simulated._bridges:
        world.wrong(f"bridges {sorted(world.simulated._bridges)} are left")
