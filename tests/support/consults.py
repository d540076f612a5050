"""A customer who talks with an agent, who consults somebody."""

from uuid import UUID

import pytest

from tests.support.acts import MemoryActs
from tests.support.dialer_scene import AGENTS, QUEUE, Scene
from tests.support.parties import MemoryParties
from tongdai.agents.model import Agent, AgentState, Mode
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.calls.parties.model import Party, PartyState
from tongdai.ids import AgentId
from tongdai.queues.model import QueueRules
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.channels import SimulatedChannel
from tongdai.testing.memory_store.segments import BEFORE_TALK

DONE = Ended(Result.DONE)
FIRST, SECOND = AgentId(1), AgentId(2)
NUMBER = "+84901234567"
CALLED = "1900001"
DIRECTIONS = pytest.mark.parametrize("inbound", [False, True])
WHOM = pytest.mark.parametrize("whom", [{"agentId": SECOND}, {"number": NUMBER}, {"endpoint": "a5"}])


class Consults:
    """A customer and their first agent; the second one is to be consulted."""

    def __init__(self, s: Scene) -> None:
        self.s = s
        self.acts = MemoryActs(s.store, s.clock, s.acd)
        self.parties = MemoryParties(self.acts, trunk="trunk")
        s.acts, s.parties = self.acts, self.parties
        self.call_id = UUID(int=0)

    async def begin(
        self, *, inbound: bool = False, first_rings: bool = False, second_rings: bool = False, with_acd: bool = False
    ) -> "Consults":
        s = self.s
        if inbound or with_acd:
            s.acd.queues[QUEUE] = QueueRules(queue_id=QUEUE, name="Sales", join_empty=True)
            s.acd.numbers[CALLED] = QUEUE
        s.store.sign_in(s.store.add_agent(1, "a0", QUEUE, 10, mode=Mode.RING if first_rings else Mode.NAILED_UP))
        s.start()
        if inbound:
            await s.until(lambda: s.ari.up)
            s.simulated.call_in(CALLED, "0901111111", talk_s=600)
        else:
            s.campaign(1, AGENTS)
        await s.until(lambda: self.first.state is AgentState.TALKING)
        assert self.first.call_id is not None
        self.call_id = self.first.call_id
        s.store.sign_in(s.store.add_agent(2, "a1", QUEUE, 10, mode=Mode.RING if second_rings else Mode.NAILED_UP))
        await s.until(lambda: self.second.state is AgentState.IDLE)
        return self

    @property
    def simulated(self) -> SimulatedAsterisk:
        return self.s.simulated

    @property
    def first(self) -> Agent:
        return self.s.store.agents[FIRST]

    @property
    def second(self) -> Agent:
        return self.s.store.agents[SECOND]

    @property
    def customer(self) -> SimulatedChannel:
        return self.channel(self.acts.customer(self.call_id))

    @property
    def party(self) -> Party:
        (party,) = self.parties.rows.values()
        return party

    @property
    def over(self) -> bool:
        return self.acts.state(self.call_id) is None

    def channel(self, channel_id: str | None) -> SimulatedChannel:
        return self.simulated._channels[str(channel_id)]

    def phone(self, agent: Agent) -> SimulatedChannel:
        return self.channel(str(agent.channel_id))

    def together(self, *channels: SimulatedChannel) -> bool:
        """Whether these are in the bridge of the call, and nobody else."""
        members = self.simulated._bridges.get(self.acts.customer(self.call_id), [])
        return sorted(members) == sorted(channel.channel_id for channel in channels)

    @property
    def on_hold(self) -> bool:
        return self.customer.bridge_id is None and self.customer.music_since is not None

    def hangs_up(self, channel: SimulatedChannel) -> None:
        self.simulated._hung_up_by_callee(channel)

    async def act(self, kind: Kind, **arguments: object) -> Ended:
        act_id = self.acts.ask(self.call_id, kind, arguments)
        await self.s.until(lambda: act_id in self.acts.ended, within_s=5)
        return self.acts.ended[act_id]

    async def consult(self, **whom: object) -> None:
        """Consult somebody who answers."""
        assert await self.act(Kind.CONSULT, **(whom or {"agentId": SECOND})) == DONE
        await self.s.until(lambda: self.party.state is PartyState.CONSULTING, within_s=30)
        await self.s.until(lambda: self.channel(self.party.channel).bridge_id is not None, within_s=2)

    def segments(self) -> list[tuple[str, AgentId | None]]:
        """Kind and agent, from the first talk on: only callers waited before it."""
        return [one for one in self.s.store.segments.of_call(self.call_id) if one[0] not in BEFORE_TALK]


async def consults(
    s: Scene,
    *,
    inbound: bool = False,
    first_rings: bool = False,
    second_rings: bool = False,
    with_acd: bool = False,
) -> Consults:
    """`with_acd`: calls may come in, and contacts be transferred."""
    return await Consults(s).begin(
        inbound=inbound, first_rings=first_rings, second_rings=second_rings, with_acd=with_acd
    )


async def wraps_up(c: Consults) -> None:
    await c.s.until(lambda: c.first.state is AgentState.WRAP_UP, within_s=5)
