"""A queue with a number and an agent, in a whole server with a simulated switch."""

from tests.support.dialing_server import DialingServer
from tests.support.servers import eventually
from tongdai.numbers import store as numbers
from tongdai.switch.simulated.callees import phone, uniform
from tongdai.switch.simulated.ledger import SimulatedCaller

NUMBER, WRITTEN = 842873001234, "02873001234"
PHONE = "agent-7"


class Floor:
    """A queue with a number, and an agent of it."""

    def __init__(self, here: DialingServer, queue_id: int, agent_id: int) -> None:
        self.here, self.queue_id, self.agent = here, queue_id, f"/v1/agents/{agent_id}"

    async def state(self) -> str:
        return (await self.here.call("GET", self.agent))["state"]

    async def until(self, state: str) -> None:
        async def reached() -> bool:
            return await self.state() == state

        await eventually(reached, 30, f"the agent to be {state}", poll_s=0.1)

    async def set(self, **fields: object) -> None:
        """The vendor's PUT."""
        await self.here.call("PUT", f"/v1/queues/inbound/{self.queue_id}", fields)

    def call_in(self, person: int, talk_s: float | None = None) -> SimulatedCaller:
        return self.here.simulated.call_in(WRITTEN, f"090{person:07d}", talk_s=talk_s)

    async def refused(self, person: int) -> int | None:
        """The cause of the refusal of a caller, who is not answered."""
        caller = self.call_in(person)
        await eventually(lambda: caller.ended_at, 10, "the refusal")
        assert caller.answered_at is None
        return caller.cause


async def floor(here: DialingServer, mode: str = "nailed_up") -> Floor:
    await eventually(lambda: here.simulated._connections, 30, "the server to be connected with the switch")
    here.simulated.phones[PHONE] = phone(uniform(0.1, 0.2))
    async with here.server.database() as conn:
        await numbers.give(conn, here.key.tenant_id, NUMBER, None, None)
    queue = await here.call("POST", "/v1/queues/inbound", {"callinName": "Sales", "callinNumber": WRITTEN})
    agent = {"agentName": "B", "endpoint": PHONE, "queueId": queue["callinId"], "wrapUpSec": 1, "mode": mode}
    made = await here.call("POST", "/v1/agents", agent)
    return Floor(here, queue["callinId"], made["agentId"])
