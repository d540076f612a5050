"""Agents in mode ring, and their phones, in a Scene of a telephony process."""

from dataclasses import replace

from tests.support.dialer_scene import QUEUE, Scene
from tongdai.agents.model import AgentState, Mode
from tongdai.call_outcome import OfferOutcome
from tongdai.ids import AgentId
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.ledger import SimulatedCall

RINGS_ONLY = always(Response.NO_ANSWER)


def ring_agents(s: Scene, count: int = 1) -> list[AgentId]:
    """Idle agents in mode ring."""
    made = [s.store.add_agent(n + 1, f"a{n}", QUEUE, 5) for n in range(count)]
    for agent_id in made:
        s.store.agents[agent_id] = replace(s.store.agents[agent_id], mode=Mode.RING, state=AgentState.IDLE)
    return made


def outcomes(s: Scene) -> list[OfferOutcome | None]:
    return [offer.outcome for offer in s.acd.offers]


def phones(s: Scene) -> list[SimulatedCall]:
    return [call for call in s.simulated.ledger.calls if call.agent]
