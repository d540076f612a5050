"""The invariants of agents' phones that are in calls of others: their agents get no calls, and the rows say so.

What a fault delays is checked at the end only: until the next round that succeeds the rows say what was true before.
"""

from datetime import timedelta

from tests.support.dialer_simulation.world import World
from tongdai.agents.model import Agent
from tongdai.telephony.phone_watch import LIST_S

KNOWN = timedelta(seconds=LIST_S + 0.5)
"""The longest time until a call on a phone is known."""
SETTLED = timedelta(seconds=5)
"""The longest time from a change, or from the start of a process, until the rows say what is true."""


def check_not_on_the_phone(world: World, agent: Agent) -> None:
    """Check, when an agent is offered a caller or reserved for a call, that their phone is in no call of others."""
    taken_before = agent.state_since < world.clock.now()
    if world.plan.stormy or taken_before or not _is_settled(world):
        return
    for call in world.simulated.own_calls:
        lasts = call.ended_at is None and world.clock.now() - call.began_at > KNOWN
        if call.phone == agent.endpoint and lasts:
            world.wrong(f"agent {agent.agent_id} gets a call in a call of their own")


def changed_lately(world: World, agent: Agent) -> bool:
    """Whether a call of others on the agent's phone began or ended a moment ago."""
    now = world.clock.now()
    return any(
        call.phone == agent.endpoint and now - (call.ended_at or call.began_at) <= SETTLED
        for call in world.simulated.own_calls
    )


def check_calm_phones(world: World) -> None:
    if not world.plan.stormy and _is_settled(world):
        check_phones(world)


def check_phones(world: World) -> None:
    """Check that the rows say which phones are in calls of others."""
    for agent in world.store.agents.values():
        if changed_lately(world, agent):
            continue
        calls = [call for call in world.simulated.own_calls if call.phone == agent.endpoint and call.ended_at is None]
        if bool(calls) != agent.busy_elsewhere:
            state = "busy elsewhere without a call" if agent.busy_elsewhere else "not busy in a call of their own"
            world.wrong(f"agent {agent.agent_id} is {state}")


def _is_settled(world: World) -> bool:
    return world.process_since is not None and world.clock.now() - world.process_since > SETTLED
