"""Agents who hand over the calls that they talk on, and supervisors who take them over: random acts on live calls.

An act is whatever the state of the call allows, mostly; the rest is refused. Somebody asks, as the API does, and does
not wait for the result.
"""

from tests.support.dialer_simulation.plan import PHONES, QUEUE, VIP_QUEUE
from tests.support.dialer_simulation.world import World
from tongdai.agents.model import Agent, AgentState
from tongdai.calls.acts.model import SUPERVISING, Kind, Talk
from tongdai.calls.parties.model import PartyState
from tongdai.ids import AgentId

ALONE = (
    Kind.TRANSFER, Kind.TRANSFER, Kind.TRANSFER, Kind.CONSULT, Kind.CONSULT, Kind.CONSULT, Kind.TAKE_OVER, Kind.BARGE,
    Kind.HOLD, Kind.MUTE,
)  # fmt: skip
CALLED = (Kind.CANCEL, None, None, None, None)
CONSULTING = (Kind.COMPLETE, Kind.COMPLETE, Kind.CANCEL, Kind.CONFERENCE, Kind.CONFERENCE)
TALKING = (Kind.COMPLETE, Kind.COMPLETE, Kind.CANCEL)


async def act(world: World) -> None:
    """Ask for an act on the call of an agent who talks, if anybody does."""
    talking = [agent for agent in world.store.agents.values() if agent.state is AgentState.TALKING]
    if not talking:
        return
    agent = world.rng.choice(talking)
    tenant_id, call_id = agent.tenant_id, agent.call_id
    talk = None if call_id is None else await world.acts.talk_of(tenant_id, call_id)
    if call_id is None or talk is None:
        return
    kind = world.rng.choice(_kinds(talk))
    if kind is None:
        return
    if kind in SUPERVISING and not _supervisors_phones(world, agent):
        return
    world.acts.ask(call_id, kind, _arguments(world, agent, kind))


def _kinds(talk: Talk) -> tuple[Kind | None, ...]:
    """Acts that make sense, each as often as it stands there; None: they wait."""
    if talk.party is None:
        return (Kind.RESUME,) if talk.held else ALONE
    return {PartyState.CALLED: CALLED, PartyState.CONSULTING: CONSULTING, PartyState.TALKING: TALKING}[talk.party.state]


def _arguments(world: World, agent: Agent, kind: Kind) -> dict[str, object]:
    others = [one for one in world.store.agents if one != agent.agent_id]
    number = f"+8428{world.rng.randrange(10**7):07d}"
    match kind:
        case Kind.TRANSFER:
            queue_id = world.rng.choice((QUEUE, VIP_QUEUE))
            to_agent = {"queueId": QUEUE, "agentId": world.rng.choice(others)}
            return world.rng.choice(({"queueId": queue_id}, to_agent, {"number": number}))
        case Kind.CONSULT:
            endpoint = world.rng.choice(PHONES)
            return world.rng.choice(({"agentId": _idle_or(world, others)}, {"number": number}, {"endpoint": endpoint}))
        case _ if kind in SUPERVISING:
            return {"endpoint": world.rng.choice(_supervisors_phones(world, agent))}
        case Kind.HOLD:
            return {"maxSec": world.rng.randrange(1, 20)}
        case _:
            return {}


def _supervisors_phones(world: World, agent: Agent) -> list[str]:
    """Phones that nobody asked for in this call: their channels are named after both."""
    asked = {
        act.endpoint for act, _ in world.acts.acts.values() if act.call_id == agent.call_id and act.kind in SUPERVISING
    }
    return [name for name in PHONES if name not in asked]


def _idle_or(world: World, others: list[AgentId]) -> AgentId:
    """An idle one of the agents, if there is any."""
    idle = [one for one in others if world.store.agents[one].state is AgentState.IDLE]
    return world.rng.choice(idle or others)


async def wind_up(world: World) -> None:
    """Ask for the end of all consults and holds."""
    for call_id in {*world.store.active, *world.acd.live}:
        talk = await world.acts.talk_of(world.store.tenant_id, call_id)
        if talk is not None and talk.with_agent and talk.held:
            world.acts.ask(call_id, Kind.RESUME if talk.party is None else Kind.CANCEL)
