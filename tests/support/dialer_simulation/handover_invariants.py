"""The invariants of calls that are handed over. Each check adds a violation to the world for whatever is wrong."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from tests.support.dialer_simulation.plan import START_S
from tests.support.dialer_simulation.world import World
from tongdai.calls.segments import Kind
from tongdai.ids import AgentId
from tongdai.switch.simulated.ledger import SimulatedCall, SimulatedCaller
from tongdai.testing.memory_store.segments import CONFERENCE, Segment

SEGMENT_S = 0.1
"""By so much the ends of a segment may differ from those of the talk on the switch: some requests lie between."""
RESTART_S = 1.0
"""Likewise for each process that was started during the call, besides the time when none had run: until it is connected
and has reconciled, nobody sees who has left."""
TALKING = frozenset({Kind.TALK, CONFERENCE})


def check_talk_seconds(world: World) -> None:
    """Check that the talk seconds of each agent in each call are those for which the switch connected the customer with
    the agent's phone. Only of a world without lost requests and events."""
    phones = {agent.endpoint: agent.agent_id for agent in world.store.agents.values()}
    by_switch: dict[tuple[UUID, AgentId], float] = defaultdict(float)
    for call_id, customer in _customers(world):
        for talk in customer.talks:
            if talk.with_whom in phones:
                ended_at = talk.ended_at or world.clock.now()
                by_switch[call_id, phones[talk.with_whom]] += (ended_at - talk.began_at).total_seconds()
    by_rows: dict[tuple[UUID, AgentId], float] = defaultdict(float)
    segments: dict[UUID, list[Segment]] = defaultdict(list)
    for one in world.store.segments.closed:
        segments[one.call_id].append(one)
        if one.kind in TALKING and one.agent_id is not None:
            by_rows[one.call_id, one.agent_id] += _seconds(one)
    for call_id, agent_id in by_switch.keys() | by_rows.keys():
        switch_s, rows_s = by_switch[call_id, agent_id], by_rows[call_id, agent_id]
        bound_s = SEGMENT_S * (len(segments[call_id]) + 1) + _unseen_s(world, segments[call_id])
        if abs(switch_s - rows_s) > bound_s:
            world.wrong(f"agent {agent_id} talked {rows_s:.1f} s in {call_id}, {switch_s:.1f} s by the switch")


def check_callers(world: World) -> None:
    """Check that each caller who was answered has a call, and each call that came in one outcome."""
    channels = {channel: call_id for call_id, channel in world.channels.items()}
    for caller in world.simulated.ledger.callers:
        call_id = channels.get(caller.channel_id)
        if caller.answered_at is not None and call_id not in world.acd.over:
            world.wrong(f"caller {caller.channel_id} of {call_id} has no outcome")
    if not world.plan.stormy and len(channels) < len(world.channels):  # a lost answer may open a second one
        world.wrong(f"{len(world.channels)} calls for {len(channels)} callers")
    for call_id in world.store.transferred - world.store.over.keys():
        world.wrong(f"{call_id} was transferred and has no outcome")
    for call_id, ends in world.ends.items():
        if ends > 1:
            world.wrong(f"{call_id} ended {ends} times")


def check_one_talk(world: World) -> None:
    """Check that the switch never connected an agent's phone with two customers at once, and that the rows say so."""
    talks: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for _, customer in _customers(world):
        for talk in customer.talks:
            talks[talk.with_whom].append((talk.began_at, talk.ended_at or world.clock.now()))
    for agent in world.store.agents.values():
        if (at := _overlap(talks[agent.endpoint])) is not None:
            world.wrong(f"agent {agent.agent_id} is in two talks at once at {at:%H:%M:%S}")


def check_segments(world: World) -> None:
    """Check that no agent has two segments at once, and that those of a call follow each other without a gap."""
    by_agent: dict[AgentId, list[tuple[datetime, datetime]]] = defaultdict(list)
    by_call: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for one in world.store.segments.closed:
        assert one.ended_at is not None
        if one.agent_id is not None:
            by_agent[one.agent_id].append((one.started_at, one.ended_at))
        if one.kind != CONFERENCE:
            by_call[one.call_id].append((one.started_at, one.ended_at))
    for agent_id, spans in by_agent.items():
        if (at := _overlap(spans)) is not None:
            world.wrong(f"agent {agent_id} has two segments at once at {at:%H:%M:%S}")
    for call_id, spans in by_call.items():
        if (at := _overlap(spans)) is not None:
            world.wrong(f"{call_id} has two segments at once at {at:%H:%M:%S}")


def check_seconds(world: World) -> None:
    """Check that the parts of a caller's call are as long together as the call was on the switch, from its answer on.
    Only of a world without lost requests and events."""
    parts: dict[UUID, list[Segment]] = defaultdict(list)
    for one in world.store.segments.closed:
        if one.kind != CONFERENCE:
            parts[one.call_id].append(one)
    for call_id, customer in _customers(world):
        if isinstance(customer, SimulatedCaller) and customer.answered_at is not None and parts[call_id]:
            lasted_s = ((customer.ended_at or world.clock.now()) - customer.answered_at).total_seconds()
            rows_s = sum(_seconds(one) for one in parts[call_id])
            world.saw("call added up")
            if abs(lasted_s - rows_s) > SEGMENT_S * (len(parts[call_id]) + 1) + _unseen_s(world, parts[call_id]):
                world.wrong(f"{call_id} lasted {lasted_s:.1f} s, its parts {rows_s:.1f} s")


def check_parties(world: World) -> None:
    """Check, when all calls have ended for a while, that nothing of their talks is left."""
    for party in world.parties.rows.values():
        world.wrong(f"party {party.channel} is left, {party.state}")
    for call_id, changed in world.acts.changed.items():
        world.wrong(f"{call_id} is left with {changed}")
    for one in world.store.segments.open:
        world.wrong(f"{one.call_id} is left with an open segment {one.kind}")


def count(world: World) -> None:
    """Count the acts by their results, and the segments by their kinds."""
    for act, _ in world.acts.acts.values():
        ended = world.acts.ended.get(act.act_id)
        world.saw(f"{act.kind} {'unknown' if ended is None else ended.result}")
    for one in world.store.segments.closed:
        world.saw(f"segment {one.kind} of {'nobody' if one.agent_id is None else 'an agent'}")


def _customers(world: World) -> Iterator[tuple[UUID, SimulatedCall]]:
    """The calls of customers with their records of the switch."""
    channels = {channel: call_id for call_id, channel in world.channels.items()}
    for caller in world.simulated.ledger.callers:
        if caller.channel_id in channels:
            yield channels[caller.channel_id], caller
    for call in world.simulated.ledger.calls:
        if not call.agent:
            yield UUID(call.channel_id), call


def _unseen_s(world: World, segments: list[Segment]) -> float:
    """For how long nobody saw what happened in a call."""
    if not segments:
        return RESTART_S + START_S
    began_at = min(one.started_at for one in segments)
    ended_at = max(one.ended_at for one in segments if one.ended_at is not None) + timedelta(seconds=RESTART_S)
    down = [down for at, down in world.restarts if at >= began_at and at - down <= ended_at]
    return sum(one.total_seconds() + RESTART_S for one in down)


def _overlap(spans: Iterable[tuple[datetime, datetime]]) -> datetime | None:
    """The beginning of a span that begins before an earlier one has ended."""
    for (_, ended_at), (began_at, _) in pairwise(sorted(spans)):
        if began_at < ended_at:
            return began_at
    return None


def _seconds(one: Segment) -> float:
    assert one.ended_at is not None
    return (one.ended_at - one.started_at).total_seconds()
