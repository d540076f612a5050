"""A dialer with a simulated switch and an in-memory store, in virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tongdai.acd.audio.player import Link
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.dialer.options import Options
from tongdai.ids import AgentId, CampaignId, QueueId
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callee, Response, always, phone, uniform
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.switch.simulated.ledger import SimulatedCall
from tongdai.telephony.accounts.store import AccountStore
from tongdai.telephony.acts.store import ActStore
from tongdai.telephony.pages.store import PageStore
from tongdai.telephony.parties.store import PartyStore
from tongdai.telephony.worker import Telephony
from tongdai.testing import virtual_time
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore

QUEUE = QueueId(7)
ANSWERS = always(Response.ANSWERED, after_s=5, talk_s=60)
OPTIONS = Options(
    app="tongdai", trunk="trunk", caller_id="0241234567", sound="hello-world", max_calls=1000, unplayed_calls=3,
    check_sounds=False,
)  # fmt: skip
AGENTS = CallSettings(mode=Mode.PROGRESSIVE, queue_id=QUEUE, max_calls=50, calls_per_second=50)


class Scene:
    """A switch, a store, and a dialer that can be stopped and started."""

    def __init__(self, rng: random.Random, callee: Callee, store: type[MemoryStore] = MemoryStore) -> None:
        self.rng, self.clock = rng, virtual_time.LoopClock()
        self.simulated = SimulatedAsterisk(
            rng, self.clock, callee, phones={f"a{n}": phone(uniform(1, 2)) for n in range(9)}
        )
        self.store = store(self.clock, rng)
        self.acts: ActStore | None = None
        self.parties: PartyStore | None = None
        self.pages: PageStore | None = None
        self.acd = MemoryAcdStore(self.store, self.clock)
        """Calls that come in are taken once it has a number."""
        self.accounts: AccountStore | None = None
        self.link: Link | None = None
        """Makes the URLs of uploaded sounds."""
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, faults: Faults | None = None, max_calls: int = 1000, *, check_sounds: bool = False) -> None:
        self.ari = SimulatedAri(self.simulated, self.rng, faults=faults)
        acd = self.acd if self.acd.numbers else None
        options = replace(OPTIONS, max_calls=max_calls, check_sounds=check_sounds)
        self.dialer = Telephony(
            self.store,
            self.ari,
            self.clock,
            self.rng,
            options,
            acts=self.acts,
            acd=acd,
            accounts=self.accounts,
            link=self.link,
            parties=self.parties,
            pages=self.pages,
        )
        self.switch = asyncio.create_task(self.ari.run())
        self.task = asyncio.create_task(self.dialer.run())
        self.tasks += [self.switch, self.task]

    async def stop(self) -> None:
        """Stop the dialer as SIGTERM does."""
        for task in (self.task, self.switch):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def campaign(self, contacts: int, settings: CallSettings | None = None) -> CampaignId:
        """Add a running campaign with that many due contacts."""
        campaign_id = self.store.add_campaign(len(self.store.campaigns) + 1, settings or CallSettings())
        for _ in range(contacts):
            number = len(self.store.contacts) + 1
            self.store.add_contact(number, campaign_id, f"+8490{number:07d}")
        return campaign_id

    def agents(self, count: int, wrap_up_s: int = 10) -> list[AgentId]:
        """Add agents, who sign in."""
        made = [self.store.add_agent(n + 1, f"a{n}", QUEUE, wrap_up_s) for n in range(count)]
        for agent_id in made:
            self.store.sign_in(agent_id)
        return made

    def outcomes(self) -> list[Outcome]:
        """Outcomes of all calls that have ended, in the order of their ends."""
        return [ended.ending.outcome for ended in self.store.over.values()]

    def calls(self) -> list[SimulatedCall]:
        """The switch's records of all calls to contacts."""
        return [call for call in self.simulated.ledger.calls if not call.agent]

    def states(self) -> list[AgentState]:
        return [agent.state for agent in self.store.agents.values()]

    async def until(self, condition: Callable[[], object], within_s: float = 120) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.05)


def between(earlier: datetime | None, later: datetime | None) -> timedelta:
    """The time between two instants; asserts that both are known."""
    assert earlier is not None
    assert later is not None
    return later - earlier


def play(
    scene: Callable[[Scene], Coroutine[Any, Any, None]],
    callee: Callee = ANSWERS,
    store: type[MemoryStore] = MemoryStore,
) -> None:
    """Run a scene in virtual time; asserts that the switch's ledger has no violation."""
    rng = random.Random(1)

    async def main() -> None:
        stage = Scene(rng, callee, store)
        await scene(stage)
        for task in stage.tasks:
            task.cancel()
        await asyncio.gather(*stage.tasks, return_exceptions=True)
        assert not stage.simulated.ledger.violations, stage.simulated.ledger.violations

    virtual_time.run(main(), rng)
