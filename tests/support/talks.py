"""A customer who talks with an agent on the simulated switch, and acts on their call."""

from uuid import UUID

from tests.support.acts import MemoryActs
from tests.support.dialer_scene import AGENTS, Scene
from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.switch.simulated.channels import SimulatedChannel

DONE = Ended(Result.DONE)


class Talks:
    """A customer who talks with an agent, and acts on their call."""

    def __init__(self, s: Scene) -> None:
        self.s = s
        self.acts = MemoryActs(s.store, s.clock)
        s.acts = self.acts

    async def begin(self, wrap_up_s: int = 10) -> "Talks":
        self.s.agents(1, wrap_up_s)
        self.s.start()
        self.s.campaign(1, AGENTS)
        await self.s.until(lambda: self.s.states() == [AgentState.TALKING])
        return self

    @property
    def call_id(self) -> UUID:
        (call_id,) = self.s.store.active
        return call_id

    @property
    def agent(self) -> SimulatedChannel:
        (agent,) = self.s.store.agents.values()
        return self.s.simulated._channels[str(agent.channel_id)]

    @property
    def customer(self) -> SimulatedChannel:
        return self.s.simulated._channels[str(self.call_id)]

    @property
    def together(self) -> bool:
        return self.customer.bridge_id is not None and self.customer.bridge_id == self.agent.bridge_id

    async def act(self, kind: Kind, **arguments: object) -> Ended:
        act_id = self.acts.ask(self.call_id, kind, arguments)
        await self.s.until(lambda: act_id in self.acts.ended, within_s=5)
        return self.acts.ended[act_id]


async def talks(s: Scene, wrap_up_s: int = 10) -> Talks:
    return await Talks(s).begin(wrap_up_s)
