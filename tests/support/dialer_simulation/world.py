"""The state of a simulation: one switch, one store, and the record of what must hold and of what occurred."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from tests.support.acts import MemoryActs
from tests.support.dialer_simulation.plan import (
    CALLED,
    CALM,
    PHONES,
    QUEUE,
    QUEUES,
    SOUNDS,
    STORM,
    VIP_QUEUE,
    ZONES,
    Plan,
    campaigns,
)
from tests.support.parties import MemoryParties
from tongdai.agents.model import Membership, Mode
from tongdai.dialer.options import DIAL_BATCH
from tongdai.ids import AgentId, CampaignId, ContactId
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, exponential, lognormal, phone, uniform
from tongdai.switch.simulated.callers import Arrivals, Callers
from tongdai.testing import virtual_time
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore

RINGING = Callees(
    answer_rate=0.7,
    machines=0,
    busy=0,
    unallocated=0,
    rejected=0.4,
    congestion=0,
    ring_s=uniform(1, 15),
    talk_s=lognormal(60, 0.8),
)
"""Phones that ring: some are not answered, some rejected, and some hang up first."""


class World:
    """One switch and one store. What requests did to campaigns, numbers and contacts is kept with its time."""

    def __init__(
        self,
        plan: Plan,
        rng: random.Random,
        make_store: Callable[..., MemoryStore] = MemoryStore,
        dial_batch: int = DIAL_BATCH,
        make_acd: Callable[..., MemoryAcdStore] = MemoryAcdStore,
    ) -> None:
        self.plan, self.rng, self.clock = plan, rng, virtual_time.LoopClock()
        self.counts: Counter[str] = Counter()
        """How often each situation occurred."""
        self.violations: list[str] = []
        """Must be empty at the end."""
        self.stormy, self.faults = plan.stormy, STORM if plan.stormy else CALM
        self.store_away, self.crashing = False, plan.crash_at_step
        self.dial_batch = dial_batch
        self.store = make_store(self.clock, rng)
        self.acd = make_acd(self.store, self.clock)
        self.acts = MemoryActs(self.store, self.clock, self.acd)
        self.parties = MemoryParties(self.acts, trunk="trunk")
        for number, rules in QUEUES.items():
            self.acd.queues[rules.queue_id], self.acd.numbers[number] = rules, rules.queue_id
        callees = Callees(answer_rate=0.45, busy=0.15, dead=0.01, ring_s=uniform(1, 25), talk_s=lognormal(40, 0.8))
        phones = {f"agent{n}": phone(exponential(2)) for n in range(plan.agents)}
        phones |= {f"ringing{n}": RINGING for n in range(plan.ringing_agents)}
        phones |= {name: RINGING for name in PHONES if plan.acts_s}
        self.simulated = SimulatedAsterisk(rng, self.clock, callees, phones=phones, trunks=["trunk"], sounds=SOUNDS)
        self.simulated.ledger.conferences = bool(plan.acts_s)
        self.originated: set[str] = set()
        """Ids of all channels that were requested."""
        self.held_at: datetime | None = None
        """When dialing was held; None: it is not."""
        self.paused_at: dict[CampaignId, datetime] = {}
        self.listed_at: dict[str, datetime] = {}
        self.paused_agents: set[AgentId] = set()
        """Agents who were paused by request, until a request makes them ready or signs them out."""
        self.process_since: datetime | None = None
        """When the present process was started; None: none runs."""
        self.killed_at: datetime | None = None
        """When the last process crashed, until another one is started."""
        self.restarts: list[tuple[datetime, timedelta]] = []
        """When each process was started, and how long none had run."""
        self.ends: Counter[UUID] = Counter()
        """How often the end of each call was recorded."""
        self.channels: dict[UUID, str] = {}
        """The channels of inbound calls, by call id."""
        self.arrived_at: dict[UUID, datetime] = {}
        self.offered: dict[UUID, dict[AgentId, datetime]] = {}
        """When each caller was last offered to each agent."""
        self.refused_at: dict[UUID, datetime] = {}
        """When an agent whom a caller was matched with was last found not to be free any more."""
        self.deleted: set[ContactId] = set()
        self._next_contact = 1
        for campaign_id, settings in enumerate(campaigns(rng), 1):
            self.store.add_campaign(campaign_id, settings)
        for _ in range(plan.contacts):
            self.add_contact()
        for n in range(plan.agents):
            queues = [Membership(VIP_QUEUE)] if n % 2 else []
            wrap_up_s = rng.choice((0, 3, 10))
            self.store.sign_in(self.store.add_agent(n + 1, f"agent{n}", QUEUE, wrap_up_s, queues=queues))
        for n in range(plan.ringing_agents):
            queues = [Membership(VIP_QUEUE)] if n % 2 else []
            number = plan.agents + n + 1
            self.store.sign_in(
                self.store.add_agent(number, f"ringing{n}", QUEUE, wrap_up_s=5, mode=Mode.RING, queues=queues)
            )
        callers = Callers(waits_s=exponential(90), talk_s=lognormal(40, 0.8))
        if plan.callers_per_hour:
            self.simulated.arrive(Arrivals(per_hour=plan.callers_per_hour, called=CALLED, callers=callers))

    @property
    def hours(self) -> float:
        """The virtual time that the simulation takes, with the quiet time at its end."""
        return self.plan.minutes / 60 + self.plan.quiet_s / 3600

    def saw(self, situation: str) -> None:
        self.counts[situation] += 1

    def wrong(self, what: str) -> None:
        self.violations.append(f"{self.clock.now():%H:%M:%S.%f} {what}")

    def add_contact(self) -> None:
        campaign_id = self.rng.choice(list(self.store.campaigns))
        number = self._next_contact
        if number > 20 and self.rng.random() < 0.1:
            number = self.rng.randrange(number - 20, number)
            self.saw("two campaigns one number")
        taken = {c.phone for c in self.store.contacts.values() if c.campaign_id == campaign_id}
        e164 = f"+8490{number:07d}"
        if e164 not in taken:
            self.store.add_contact(self._next_contact, campaign_id, e164, self.rng.choice(ZONES))
        self._next_contact += 1
