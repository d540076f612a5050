"""The invariants of callers. Each check adds a violation to the world for each thing that is wrong.

Order and idle agents are checked while nothing is made to fail but processes: a store that is away or an event that is
lost delays one caller behind another, as it must.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from tests.support.dialer_simulation.phone_invariants import changed_lately
from tests.support.dialer_simulation.plan import MAX_WAIT_S, QUEUE
from tests.support.dialer_simulation.world import World
from tongdai.acd.caller.core import FAILED_FOR_S
from tongdai.acd.caller.store import CallerRow
from tongdai.acd.requests import RING_GRACE_S, RING_S
from tongdai.agents.model import Agent, AgentState, Mode, NextState, is_available
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import InboundCall
from tongdai.calls.model import CallState
from tongdai.campaigns.settings.values import Mode as DialingMode
from tongdai.ids import AgentId, CampaignId
from tongdai.queues.model import Selector
from tongdai.switch.simulated.ledger import SimulatedCaller
from tongdai.telephony.worker import RECONCILE_S
from tongdai.testing.memory_store.acd import Offer

NOT_AGAIN = timedelta(seconds=RING_S + RING_GRACE_S + FAILED_FOR_S + 5)
"""So long after an offer began it may be in vain, and the agent not be tried again."""
SETTLED = timedelta(seconds=5)
"""So long after its start or after a change a process has matched whom it can."""
AT_ONCE_S = 1.0
"""Offers of one match are made within this time."""
RECONCILED = timedelta(seconds=RECONCILE_S) + SETTLED
"""The longest time from the end of a channel until its call ends, when the event is lost."""
LONG_TALK_S = 100
"""A talk may end unrecorded while the store is away, for a minute, or slow, and processes crash meanwhile."""


def check_offer(world: World, call: InboundCall, agent: Agent) -> None:
    """Check, when a caller is offered to an agent, that none waits who comes before: one who does may be offered to
    another agent at the same time."""
    now, chosen = world.clock.now(), world.acd.waiting[call.call_id]
    before = world.offered.get(call.call_id, {})
    world.offered[call.call_id] = {**before, agent.agent_id: now}
    if world.plan.stormy or world.plan.acts_s or not _process_is_settled(world):
        return
    for offer in world.acd.offers:
        other = world.acd.live.get(offer.call_id)
        if other is None or other.call_id == call.call_id or offer.agent_id != agent.agent_id:
            continue
        if offer.outcome in {None, OfferOutcome.ANSWERED}:
            world.wrong(f"agent {agent.agent_id} is offered to two callers, {other.call_id} and {call.call_id}")
    for row in world.acd.waiting.values():
        if _may_have(world, row, agent.agent_id) and _place(world, row) < _place(world, chosen):
            wrong = f"{chosen.call_id} is offered to agent {agent.agent_id} before {row.call_id}"
            asyncio.get_running_loop().call_later(AT_ONCE_S, _check_passed_over, world, row, wrong)


def _check_passed_over(world: World, row: CallerRow, wrong: str) -> None:
    refused_at = world.refused_at.get(row.call_id)
    refused = refused_at is not None and world.clock.now() - refused_at < timedelta(seconds=2 * AT_ONCE_S)
    if world.acd.waiting.get(row.call_id) == row and not refused:
        world.wrong(wrong)


def see_refusal(world: World, call: InboundCall, *agent_ids: AgentId) -> None:
    """Take note of agents who were matched with a caller, and began calls of their own, or left, before the offer."""
    for agent_id in agent_ids:
        agent = world.store.agents[agent_id]
        if world.clock.now() - agent.state_since < timedelta(seconds=AT_ONCE_S) or changed_lately(world, agent):
            world.refused_at[call.call_id] = world.clock.now()


def check_claim(world: World, campaign_id: CampaignId, calls: int) -> None:
    """Check, when calls are claimed for idle agents, that they are not those whom callers wait for."""
    settings, now = world.store.campaigns[campaign_id].settings, world.clock.now()
    if world.plan.stormy or settings.mode is not DialingMode.PROGRESSIVE or not calls:
        return
    free = sum(
        is_available(agent) or now - agent.state_since < timedelta(seconds=AT_ONCE_S) or changed_lately(world, agent)
        for agent in world.store.agents.values()
    )
    callers = sum(now - row.joined_at > SETTLED for row in world.acd.waiting.values())
    if free <= callers:
        world.wrong(f"{calls} dialled for an agent whom a caller waits for: {free} free, {callers} wait")


def check_store(world: World) -> None:
    """Check at any time that callers, offers and agents are consistent."""
    acd = world.acd
    for call_id in acd.waiting.keys() - acd.live.keys():
        world.wrong(f"caller {call_id} waits whose call has ended")
    open_offers = Counter(offer.call_id for offer in acd.offers if offer.outcome is None and not _rings(world, offer))
    for call_id, count in open_offers.items():
        if count > 1:
            world.wrong(f"caller {call_id} has {count} offers at once")
    consulted = {party.agent_id for party in world.parties.rows.values()}
    taken = [
        agent for agent in world.store.agents.values()
        if agent.call_id is not None and agent.agent_id not in consulted
    ]  # fmt: skip
    agents_of_call = Counter(agent.call_id for agent in taken if agent.state is not AgentState.ALERTING)
    for call_id, count in agents_of_call.items():
        if count > 1:
            world.wrong(f"call {call_id} has {count} agents")
    _check_paused(world)
    if not world.plan.stormy and not world.plan.acts_s:
        _check_idle(world)


def _rings(world: World, offer: Offer) -> bool:
    """Whether the agent's phone may ring beside others, for a caller of a queue that rings all."""
    row, agent = world.acd.waiting.get(offer.call_id), world.store.agents[offer.agent_id]
    ring_all = row is not None and world.acd.queues[row.queue_id].selector is Selector.RING_ALL
    return ring_all and agent.state is AgentState.ALERTING


def _check_paused(world: World) -> None:
    for agent_id in world.paused_agents:
        agent = world.store.agents[agent_id]
        if agent.state is AgentState.IDLE:
            world.wrong(f"agent {agent_id} is idle and was paused")
        if agent.call_id is not None and agent.next_state is not NextState.PAUSED:
            world.wrong(f"agent {agent_id} has call {agent.call_id} and was paused")


def _check_idle(world: World) -> None:
    """Check that no caller waits beside an idle agent who serves the queue."""
    if not _process_is_settled(world) or _callee_waits(world):
        return
    for agent in world.store.agents.values():
        lately = world.clock.now() - agent.state_since < SETTLED or changed_lately(world, agent)
        if not is_available(agent) or lately:
            continue
        for row in world.acd.waiting.values():
            if _may_have(world, row, agent.agent_id):
                world.wrong(f"caller {row.call_id} waits beside idle agent {agent.agent_id}")


def _callee_waits(world: World) -> bool:
    """Whether a callee of a campaign has answered and may wait for an agent, who is theirs then."""
    calls = world.store.active.values()
    return any(call.state is CallState.ANSWERED and call.connected_at is None for call in calls)


def _may_have(world: World, row: CallerRow, agent_id: AgentId) -> bool:
    """Whether a caller waits, as every part must know by now, in a queue of the agent, who was not offered lately."""
    now, offered = world.clock.now(), world.offered.get(row.call_id, {})
    serves = any(queue.queue_id == row.queue_id for queue in world.store.roles[agent_id].queues)
    refused = agent_id in offered and now - offered[agent_id] < NOT_AGAIN
    settled = now - max([row.joined_at, *offered.values()]) > SETTLED
    return serves and row.state == "waiting" and settled and not refused


def _place(world: World, row: CallerRow) -> tuple[datetime, datetime, UUID]:
    """The caller's place in the order of service, by the channel's arrival at the switch."""
    arrived_at = world.arrived_at[row.call_id]
    return arrived_at - timedelta(seconds=world.acd.queues[row.queue_id].head_start_s), arrived_at, row.call_id


def _process_is_settled(world: World) -> bool:
    return world.process_since is not None and world.clock.now() - world.process_since > SETTLED


# At the end


def check_channels(world: World, since: datetime) -> None:
    """Check, a while after `since`, that each live call has a channel and each caller's channel a live call."""
    callers, now = {caller.channel_id: caller for caller in world.simulated.ledger.callers}, world.clock.now()
    channels = {channel_id: caller for channel_id, caller in callers.items() if caller.ended_at is None}
    known = {call.channel for call in world.acd.live.values()}
    records = {call.channel_id: call for call in world.simulated.ledger.calls} | callers
    for call in world.acd.live.values():
        ended_at = records[call.channel].ended_at
        if ended_at is not None and now - ended_at > RECONCILED:
            world.wrong(f"inbound call {call.call_id} has no channel")
    for channel_id, caller in channels.items():
        if caller.arrived_at < since and channel_id not in known:
            world.wrong(f"caller's channel {channel_id} belongs to no call")


def check_nothing_left(world: World) -> None:
    """Check, long after the last caller has come, that none is left."""
    if world.acd.live or world.acd.waiting:
        world.wrong(f"{len(world.acd.live)} inbound calls and {len(world.acd.waiting)} callers are left")
    if any(offer.outcome is None for offer in world.acd.offers):
        world.wrong("an offer is left open")


def check_outcomes(world: World) -> None:
    """Check the outcomes in the store against what the switch did."""
    callers = {caller.channel_id: caller for caller in world.simulated.ledger.callers}
    for call_id, ending in world.acd.over.items():
        world.saw(f"caller {ending.outcome.value}")
        caller = callers[world.channels[call_id]]
        if ending.outcome is InboundOutcome.ANSWERED and not caller.served:
            world.wrong(f"{call_id} ended as answered, and talked with nobody")
        if ending.outcome is not InboundOutcome.ANSWERED and _longest_talk_s(caller) > LONG_TALK_S:
            world.wrong(f"{call_id} ended as {ending.outcome}, and talked")
        if not world.plan.stormy and not world.plan.crash_s:
            _check_wait(world, caller)


def count_offers(world: World) -> None:
    """Count how the offers to phones that rang ended."""
    for offer in world.acd.offers:
        if offer.outcome is not None and world.store.agents[offer.agent_id].mode is Mode.RING:
            world.saw(f"phone {offer.outcome.value}")


def _longest_talk_s(caller: SimulatedCaller) -> float:
    ended = [(talk.ended_at or talk.began_at) - talk.began_at for talk in caller.talks if talk.agent]
    return max((talk.total_seconds() for talk in ended), default=0.0)


def _check_wait(world: World, caller: SimulatedCaller) -> None:
    if caller.served or caller.answered_at is None or caller.ended_at is None:
        return
    waited_s = (caller.ended_at - caller.answered_at).total_seconds()
    queue_id = world.acd.numbers[caller.to]
    if queue_id == QUEUE and waited_s > MAX_WAIT_S + 1:
        world.wrong(f"{caller.channel_id} waited {waited_s:.1f} s")
    if queue_id == QUEUE and caller.ended_by == "us" and waited_s < MAX_WAIT_S - 1:
        world.wrong(f"{caller.channel_id} was hung up after {waited_s:.1f} s")


def check_talk_seconds(world: World) -> None:
    """Check that the agents' talk seconds are the switch's. Only of a world without campaigns and faults."""
    for agent_id, agent in world.store.agents.items():
        talks = [seconds for _, seconds in world.store._talks.get(agent_id, ())]
        by_switch_s = world.simulated.ledger.talk_s(agent.endpoint)
        if abs(sum(talks) - by_switch_s) > len(talks):
            world.wrong(f"agent {agent_id} talked {sum(talks)} s, {by_switch_s:.1f} s by the switch")
