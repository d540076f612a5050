"""Hours of dialling in virtual time, with everything that goes wrong drawn from a seed, and what must hold throughout.

A `World` is one switch, one set of records, and one dialer after the other: they crash between any two awaits, lose the
switch to the next one, or are stopped. What the switch really did is in its ledger; what the dialer was allowed
to do is asked of each originate when it is made.
"""

import asyncio
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import structlog

from tongdai.agents.model import AgentState
from tongdai.calls.model import NOT_PLACED, CallState, Outcome
from tongdai.campaigns.model import Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import open_until
from tongdai.campaigns.settings.values import FrequencyCap, MachineDetection, Mode, RetryRule
from tongdai.campaigns.settings.windows import Span
from tongdai.dialer import originator
from tongdai.dialer.options import LEASE
from tongdai.dialer.worker import Dialer, SwitchTaken
from tongdai.ids import QueueId
from tongdai.switch.interface import SwitchAway
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, exponential, lognormal, phone, uniform
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.switch.simulated.ledger import CallRecord
from tongdai.testing import virtual_time
from tongdai.testing.memory_store import IN_CALL, PENDING, MemoryStore

QUEUE = QueueId(7)
ZONES = ("", "Asia/Ho_Chi_Minh", "America/New_York,America/Chicago")
STOP_S, DNC_S = 1.0, 5.0
CALM = Faults()
STORM = Faults(
    originate_late=0.05,
    originate_conflict=0.02,
    error=0.02,
    request_lost=0.03,
    reply_lost=0.03,
    event_lost=0.03,
    event_doubled=0.05,
    event_late=0.1,
)
UNEXPECTED = ("event handler failed", "dialer loop failed, retrying", "campaign not dialled", "reconciliation failed")
SOMETIMES = (
    "originate_late", "originate_conflict", "error", "request_lost", "reply_lost", "event_lost", "event_doubled",
    "event_late", "unheard",
    "answered", "no_answer", "busy", "failed", "invalid_number", "machine", "abandoned", "cancelled", "lost", "dnc",
    "out_of_window",
    "crashed before a step", "crashed after a step", "crashed before a request", "crashed after a request",
    "stopped", "taken over",
    "records refused", "records answer lost", "records slow", "records away", "records broken",
    "connection cut", "switch restarted",
    "campaign paused", "campaign resumed", "listed while pending", "listed while in call", "listed while claimed",
    "contact deleted", "contact not deleted", "agents left in bulk", "agent hung up", "preview accepted",
    "call adopted", "orphaned channel hung up", "agent reserved", "originate unknown", "originate refused",
    "adopted talking", "adopted dialing", "retried", "two campaigns one number",
)  # fmt: skip
"""Situations that must occur at least once over a number of seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of a world. Mean seconds between two of a kind; 0: never."""

    minutes: float = 20
    contacts: int = 300
    agents: int = 8
    crash_s: float = 90
    stop_s: float = 300
    take_over_s: float = 400
    cut_s: float = 150
    restart_s: float = 400
    away_s: float = 300
    pause_s: float = 60
    list_s: float = 8
    delete_s: float = 4
    add_s: float = 3
    leave_s: float = 240
    hang_up_s: float = 60
    preview_s: float = 5
    weather_s: float = 120
    records_refuse: float = 0.004
    records_forget: float = 0.004
    records_slow: float = 0.004
    records_break: float = 0.01
    """Share of dials that fail by a mistake."""
    slow_claims: float = 0.05
    """Share of claims and dials that the database takes long for."""
    crash_at_step: bool = True
    stormy: bool = True


class Mistake(Exception):
    """A planted error of the store."""


class FlakyStore:
    """DialerStore of one dialer, on their way to and from which anything may be lost."""

    def __init__(self, world: "World", life: "Life") -> None:
        self._world, self._life, self._rng = world, life, world.rng

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = getattr(self._world.records, name)

        async def taken(*args: Any) -> Any:
            plan, stormy = self._world.plan, self._world.stormy
            await self._on_the_way(stormy and name != "claim", name)
            await self._life.at("before a step")
            if self._world.records_away or (stormy and self._rng.random() < plan.records_refuse):
                self._world.saw("records refused")
                raise ConnectionError("not done")
            if self._life.over:
                raise ConnectionError("this process is no more")
            if name == "dial" and stormy and self._rng.random() < plan.records_break:
                self._world.saw("records broken")
                raise Mistake
            result = await step(*args)
            await self._on_the_way(stormy and name == "claim", name)
            await self._life.at("after a step")
            if stormy and self._rng.random() < plan.records_forget:
                self._world.saw("records answer lost")
                raise ConnectionError("done, and no answer")
            return result

        return taken

    async def _on_the_way(self, stormy: bool, name: str) -> None:
        share = self._world.plan.slow_claims if name in {"claim", "dial"} else self._world.plan.records_slow
        if stormy and self._rng.random() < share:
            self._world.saw("records slow")
            await asyncio.sleep(self._rng.uniform(0.5, 12))
        else:
            await asyncio.sleep(0)


class WatchedAsterisk(SimulatedAri):
    """A connection of one dialer, that asks of each originate whether it may be."""

    def __init__(self, world: "World", life: "Life") -> None:
        super().__init__(world.board, world.rng, faults=world.faults)
        self._world, self._life = world, life

    async def request(self, method: str, uri: str, query: Any = None, body: Any = None) -> Any:
        if self._life.over:
            raise SwitchAway("this process is no more")
        if (method, uri) == ("POST", "channels"):
            self._world.asked(body)
        self.faults = self._world.faults
        try:
            await self._life.at("before a request")  # nothing waits there, unless this is the end
            reply = await super().request(method, uri, query, body)
            await self._life.at("after a request")
        except ConnectionError:
            raise SwitchAway("this process is no more") from None
        return reply


class Life:
    """One process with a dialer, from its start to its end."""

    def __init__(self, world: "World") -> None:
        self.over = False
        self._world = world
        self._steps_left = world.rng.randrange(50, 4000) if world.plan.crash_at_step else -1
        self.ari = WatchedAsterisk(world, self)
        self.dialer = Dialer(
            FlakyStore(world, self),
            self.ari,
            world.clock,
            world.rng,
            app="tongdai",
            trunk="trunk",
            caller_id="0241234567",
            max_calls=200,
        )
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        running = [asyncio.create_task(self.ari.run()), asyncio.create_task(self.dialer.run())]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            with suppress(SwitchTaken):
                running[1].result()
            self._world.saw("taken over")
        finally:
            for task in reversed(running):
                task.cancel()
            for ended in await asyncio.gather(*running, return_exceptions=True):
                if not isinstance(ended, asyncio.CancelledError | SwitchTaken):
                    self._world.wrong(f"the dialer ended with {ended!r}")

    async def at(self, where: str) -> None:
        """Between any two awaits the process may be gone."""
        if self._steps_left > 0 and self._world.stormy:
            self._steps_left -= 1
            if self._steps_left == 0:
                self._world.saw(f"crashed {where}")
                self.kill()
        if self.over:
            await asyncio.sleep(0)
            raise ConnectionError("this process is no more")

    def kill(self) -> None:
        """Without a word: nothing that it does on its way out reaches anybody."""
        self.over = True
        self.ari.cut()
        self.task.cancel()


@dataclass
class World:
    seed: int
    plan: Plan
    rng: random.Random
    make_records: Callable[..., MemoryStore] = MemoryStore
    clock: virtual_time.LoopClock = field(default_factory=virtual_time.LoopClock)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    stormy: bool = True
    records_away: bool = False
    faults: Faults = STORM

    def __post_init__(self) -> None:
        rng = self.rng
        self.stormy, self.faults = self.plan.stormy, STORM if self.plan.stormy else CALM
        self.records = self.make_records(self.clock, rng)
        callees = Callees(
            answer_rate=0.45, busy=0.15, dead=0.01, ring_s=uniform(1, 25), talk_s=lognormal(40, 0.8),
        )  # fmt: skip
        phones = {f"agent{n}": phone(exponential(2)) for n in range(self.plan.agents)}
        self.board = SimulatedAsterisk(rng, self.clock, callees, phones=phones, trunks=["trunk"], sounds=_SOUNDS)
        self.board.ledger.rules.append(self._arrived)
        self._asked: set[str] = set()
        self._stopped_at: dict[int, datetime] = {}
        self._listed_at: dict[str, datetime] = {}
        self._deleted: set[int] = set()
        self._next_contact = 1
        for campaign_id, settings in enumerate(_campaigns(rng), 1):
            self.records.add_campaign(campaign_id, settings)
        for _ in range(self.plan.contacts):
            self.add_contact()
        for n in range(self.plan.agents):
            self.records.sign_in(self.records.add_agent(n + 1, f"agent{n}", QUEUE, wrap_up_s=rng.choice((0, 3, 10))))
        self.life: Life | None = None

    @property
    def hours(self) -> float:
        """How long it was, harm and quiet."""
        return self.plan.minutes / 60 + 1

    def saw(self, what: str) -> None:
        self.counts[what] += 1

    def wrong(self, what: str) -> None:
        self.violations.append(f"{self.clock.now():%H:%M:%S.%f} {what}")

    # What must hold

    def asked(self, body: dict[str, Any]) -> None:
        """Check an originate at the instant that it is made."""
        channel_id, endpoint = str(body["channelId"]), str(body["endpoint"])
        if channel_id in self._asked:
            self.wrong(f"{channel_id} is asked for a second time")
        self._asked.add(channel_id)
        if "@" not in endpoint:
            return
        call = self.records._live.get(UUID(channel_id))
        if call is None or call.state is not CallState.DIALING:
            self.wrong(f"{channel_id} is asked for while {call and call.state}")
            return
        now = self.clock.now()
        contact, campaign = self.records.contacts[call.contact_id], self.records.campaigns[call.campaign_id]
        if endpoint != f"PJSIP/{contact.phone[1:]}@trunk":
            self.wrong(f"{endpoint} is dialled for {contact.phone}")
        stopped_at = self._stopped_at.get(campaign.campaign_id)
        if stopped_at is not None and (now - stopped_at).total_seconds() > STOP_S:
            self.wrong(f"dialled {now - stopped_at} after its campaign was paused")
        listed_at = self._listed_at.get(contact.phone)
        if listed_at is not None and (now - listed_at).total_seconds() > DNC_S:
            self.wrong(f"dialled {now - listed_at} after it was put on a do-not-call list")
        if open_until(campaign.settings, contact.zone, self.records.tenant_zone, now) is None:
            self.wrong("dialled outside of the window")
        if contact.contact_id in self._deleted:
            self.wrong("dialled after it was deleted")

    def _arrived(self, call: CallRecord) -> str | None:
        """Check an originate at the instant that the switch has it, which may be much later."""
        if call.agent:
            return None
        if (ended := self.records.over.get(UUID(call.channel_id))) is not None:
            return f"its call had ended as {ended.ending.outcome}"
        return None

    def consistent(self) -> None:
        """Whenever it is looked at."""
        live = {call.contact_id: call for call in self.records._live.values()}
        in_call = {c.contact_id for c in self.records.contacts.values() if c.process_status == IN_CALL}
        if in_call != set(live):
            self.wrong(f"contacts in a call and live calls differ: {in_call ^ set(live)}")
        for campaign in self.records.campaigns.values():
            waiting = sum(map(len, campaign.due.values()))
            pending = [
                c for c in self.records.contacts.values()
                if c.campaign_id == campaign.campaign_id and c.process_status == PENDING and not c.deleted
            ]  # fmt: skip
            if waiting != len(pending):
                self.wrong(f"{len(pending)} contacts are pending, {waiting} wait to be called")
        for agent in self.records.agents.values():
            has = agent.state in {AgentState.RESERVED, AgentState.TALKING}
            if has != (agent.call_id in self.records._live):
                self.wrong(f"agent {agent.agent_id} is {agent.state} for {agent.call_id}")

    def histories_keep_the_rules(self) -> None:
        """Every call but the first of a contact was due by the end of the one before, and not earlier."""
        for contact_id, ended in self.records._histories.items():
            for before, after in pairwise(ended):
                if before.next_attempt_at is None:
                    self.wrong(f"contact {contact_id} was called again after {before.ending.outcome}")
                elif after.call.opened_at < before.next_attempt_at:
                    self.wrong(f"contact {contact_id} was called again before it was due")
                elif before.ending.outcome not in NOT_PLACED:
                    self.saw("retried")

    def outcomes_are_true(self) -> None:
        """Compare the outcomes in the store with what the switch did."""
        happened = {call.channel_id: call for call in self.board.ledger.calls}
        for call_id, ended in self.records.over.items():
            call, outcome = happened.get(str(call_id)), ended.ending.outcome
            self.saw(outcome.value)
            if outcome in NOT_PLACED and call is not None:
                self.wrong(f"{call_id} ended as {outcome}, and was dialled")
            if outcome in {Outcome.ANSWERED, Outcome.ABANDONED} and (call is None or call.answered_at is None):
                self.wrong(f"{call_id} ended as {outcome}, and nobody answered")
            if outcome is Outcome.MACHINE and (
                call is None or call.verdict != "MACHINE" or call.bridged_at is not None
            ):
                self.wrong(f"{call_id} ended as {outcome}, by no verdict or after it was connected")
            if call is not None and call.answered_at is not None and outcome in {Outcome.BUSY, Outcome.INVALID_NUMBER}:
                self.wrong(f"{call_id} ended as {outcome}, and was answered")

    def attended_to(self, since: datetime) -> None:
        """After a lease of quiet: what is live has a channel, what has a channel is live."""
        channels = {call.channel_id for call in self.board.ledger.live.values() if not call.agent}
        for call in self.records._live.values():
            if call.opened_at < since and str(call.call_id) not in channels:
                self.wrong(f"{call.call_id} is {call.state} and has no channel")
            if call.lease_until < self.clock.now():
                self.wrong(f"{call.call_id} is {call.state} and past its lease")
        for channel_id in channels:
            if UUID(channel_id) not in self.records._live:
                self.wrong(f"channel {channel_id} is nobody's")

    # What happens

    def add_contact(self) -> None:
        campaign_id = self.rng.choice(list(self.records.campaigns))
        number = self._next_contact
        if number > 20 and self.rng.random() < 0.1:
            number = self.rng.randrange(number - 20, number)
            self.saw("two campaigns one number")
        taken = {c.phone for c in self.records.contacts.values() if c.campaign_id == campaign_id}
        e164 = f"+8490{number:07d}"
        if e164 not in taken:
            self.records.add_contact(self._next_contact, campaign_id, e164, self.rng.choice(ZONES))
        self._next_contact += 1

    def list_one(self) -> None:
        """A number that is pending, in a call or, rather than these, claimed and not dialled yet."""
        live = list(self.records._live.values())
        claimed = [call.phone for call in live if call.state is CallState.CLAIMED]
        if claimed:
            what, phones = "claimed", claimed
        elif live and self.rng.random() < 0.3:
            what, phones = "in call", [call.phone for call in live]
        else:
            what, phones = "pending", [c.phone for c in self.records.contacts.values() if c.process_status == PENDING]
        if phones:
            chosen = self.rng.choice(phones)
            self.records.do_not_call(chosen)
            self._listed_at.setdefault(chosen, self.clock.now())
            self.saw(f"listed while {what}")

    def delete_one(self) -> None:
        """One in a call, or about to be, half of the times."""
        live = [call.contact_id for call in self.records._live.values()]
        if live and self.rng.random() < 0.5:
            contact_id = self.rng.choice(live)
        else:
            contact_id = self.rng.choice(list(self.records.contacts))
        if self.records.delete_contact(contact_id):
            self._deleted.add(contact_id)
            self.saw("contact deleted")
        else:
            self.saw("contact not deleted")

    def pause_or_resume(self) -> None:
        campaign = self.rng.choice(list(self.records.campaigns.values()))
        if campaign.status is Status.RUNNING:
            self.records.move(campaign.campaign_id, Status.PAUSED)
            self._stopped_at[campaign.campaign_id] = self.clock.now()
            self.saw("campaign paused")
        else:
            self.resume(campaign.campaign_id)

    def resume(self, campaign_id: Any) -> None:
        self.records.move(campaign_id, Status.RUNNING)
        self._stopped_at.pop(campaign_id, None)
        self.saw("campaign resumed")

    def leave_or_return(self) -> None:
        away = [a for a, agent in self.records.agents.items() if agent.state is AgentState.OFFLINE]
        if len(away) > len(self.records.agents) // 3:
            for agent_id in away:
                self.records.sign_in(agent_id)
        else:
            for agent_id in self.rng.sample(list(self.records.agents), len(self.records.agents) // 2):
                self.records.sign_out(agent_id)
            self.saw("agents left in bulk")

    def agent_hangs_up(self) -> None:
        up = [c for c in self.board._channels.values() if c.call.agent and c.state == "Up"]
        if up:
            self.board._hung_up_by_callee(self.rng.choice(up))
            self.saw("agent hung up")
        for agent_id in self.records.agents:
            if self.rng.random() < 0.5:
                self.records.sign_in(agent_id)
            self.records.ready(agent_id)

    def accept_preview(self) -> None:
        previewed = [
            c.contact_id for c in self.records.contacts.values()
            if self.records.campaigns[c.campaign_id].settings.mode is Mode.PREVIEW and c.process_status == PENDING
            and not c.deleted
        ]  # fmt: skip
        if previewed and self.records.accept(self.rng.choice(list(self.records.agents)), self.rng.choice(previewed)):
            self.saw("preview accepted")

    def change_weather(self) -> None:
        self.faults = self.rng.choice((CALM, STORM, STORM))

    def crash(self) -> None:
        if self.life is not None and not self.life.over:
            adopted = Counter(call.state for call in self.records._live.values())
            for state in adopted:
                self.saw(f"crashed while {state}")
            self.life.kill()

    def stop(self) -> None:
        if self.life is not None:
            self.saw("stopped")
            self.life.task.cancel()

    def take_over(self) -> None:
        """Another process begins while the one before has not ended."""
        self.others.append(self.life.task if self.life else asyncio.create_task(asyncio.sleep(0)))
        self.life = Life(self)

    async def away(self) -> None:
        self.records_away = True
        self.saw("records away")
        await asyncio.sleep(self.rng.uniform(1, 60))
        self.records_away = False

    def cut(self) -> None:
        self.board.cut(self.rng.choice((0.0, self.rng.uniform(0, 60))))
        self.saw("connection cut")

    def restart(self) -> None:
        self.board.restart(self.rng.uniform(0.5, 10))
        self.saw("switch restarted")

    async def run(self) -> None:
        """From a start through the storm to a quiet end."""
        self.others: list[asyncio.Task[None]] = []
        keeping = asyncio.create_task(self._keep_one_alive())
        harm = [
            asyncio.create_task(self._now_and_then(mean_s, what))
            for mean_s, what in (
                (self.plan.crash_s, self.crash), (self.plan.stop_s, self.stop),
                (self.plan.take_over_s, self.take_over), (self.plan.cut_s, self.cut),
                (self.plan.restart_s, self.restart), (self.plan.away_s, self.away),
                (self.plan.pause_s, self.pause_or_resume), (self.plan.list_s, self.list_one),
                (self.plan.delete_s, self.delete_one), (self.plan.add_s, self.add_contact),
                (self.plan.leave_s, self.leave_or_return), (self.plan.hang_up_s, self.agent_hangs_up),
                (self.plan.preview_s, self.accept_preview), (self.plan.weather_s, self.change_weather),
                (10.0, self.consistent),
            )
        ]  # fmt: skip
        await asyncio.sleep(self.plan.minutes * 60)
        await _end(*harm)
        await self._quiet()
        await _end(keeping)
        if self.life is not None:
            await _end(self.life.task)
        await asyncio.gather(*self.others, return_exceptions=True)
        self.consistent()
        self.histories_keep_the_rules()
        self.outcomes_are_true()
        self.violations += self.board.ledger.violations
        self.counts += self.board.ledger.counts

    async def _quiet(self) -> None:
        """Nothing goes wrong any more. What was left is attended to within a lease and 5 seconds, and in the end
        nothing is up but agents' phones."""
        self.faults, self.stormy, self.records_away = CALM, False, False
        await self._connected()
        if self.plan.crash_s:
            self.crash()
        since = self.clock.now()
        await asyncio.sleep(LEASE.total_seconds() + 5 + START_S)
        self.attended_to(since)
        for campaign_id in self.records.campaigns:
            self.records.move(campaign_id, Status.PAUSED)
            self._stopped_at[campaign_id] = self.clock.now()
        for agent_id in self.records.agents:
            self.records.sign_out(agent_id)
        await asyncio.sleep(3600)
        self.attended_to(self.clock.now())
        if self.records._live or self.board.busy_channels:
            self.wrong(f"{len(self.records._live)} calls and {self.board.busy_channels} channels are left")
        agents = {agent.state for agent in self.records.agents.values()}
        if agents != {AgentState.OFFLINE}:
            self.wrong(f"agents signed out are {agents}")
        if self.life is not None:
            phones = self.life.dialer._phones
            if phones._agents or phones._unlisted_since or phones._hung_up_at:
                self.wrong("something is kept of agents who are gone")
        if not self.plan.stormy and self.board._bridges:
            self.wrong(f"{len(self.board._bridges)} bridges are left")

    async def _connected(self) -> None:
        """The cut of the last minute is over."""
        while self.board.away:
            await asyncio.sleep(1)

    async def _keep_one_alive(self) -> None:
        while True:
            self.life = Life(self)
            while not self.life.task.done():
                await asyncio.wait({self.life.task}, timeout=1)
            with suppress(asyncio.CancelledError):
                self.life.task.result()
            await asyncio.sleep(self.rng.uniform(0.1, START_S))

    async def _now_and_then(self, mean_s: float, what: Callable[[], Any]) -> None:
        while mean_s:
            await asyncio.sleep(self.rng.expovariate(1 / mean_s))
            doing = what()
            if asyncio.iscoroutine(doing):
                await doing


START_S = 3.0
"""A process that ended is started again within that time."""
_SOUNDS = {"sound:hello-world": 3.0, "sound:offer": 12.0, "sound:sorry": 4.0}


def _campaigns(rng: random.Random) -> list[CallSettings]:
    """One of each mode, of short rules, so that an hour shows what takes days."""
    quick = {
        "no_answer": RetryRule(timedelta(minutes=2), 3),
        "busy": RetryRule(timedelta(minutes=1), 3),
        "failed": RetryRule(timedelta(seconds=30), 4),
        "abandoned": RetryRule(timedelta(minutes=3), 1),
        "machine": RetryRule(timedelta(minutes=2), 2),
    }
    day = tuple(Span(opens, opens + rng.randrange(1, 4)) for opens in range(0, 1440, 4))
    return [
        CallSettings(retries=quick, audio_file=rng.choice(("offer", None, "missing")), max_calls=15),
        CallSettings(
            mode=Mode.PREDICTIVE, queue_id=QUEUE, retries=quick, abandon_file=rng.choice(("sorry", None)), max_calls=60,
            calls_per_second=20, abandon_cap=30.0, machine_detection=MachineDetection.HANG_UP,
        ),
        CallSettings(mode=Mode.PROGRESSIVE, queue_id=QUEUE, retries=quick, windows=(day,) * 7, priority=5),
        CallSettings(mode=Mode.PREVIEW, queue_id=QUEUE, retries=quick, contact_cap=FrequencyCap(3, timedelta(hours=1))),
        CallSettings(
            retries=quick, windows=(day,) * 7, number_cap=FrequencyCap(2, timedelta(minutes=5)),
            machine_detection=MachineDetection.HANG_UP,
        ),
    ]  # fmt: skip


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            raise ended


def simulate(seed: int, plan: Plan | None = None, make_records: Callable[..., MemoryStore] = MemoryStore) -> World:
    """The world after all of it. Its `violations` are to be empty."""
    rng = random.Random(seed)
    made: list[World] = []
    said: Counter[str] = Counter()

    def count(_: object, __: str, event: Any) -> Any:
        said[event["event"]] += 1
        if event["event"] == "call adopted":
            said[f"adopted {'talking' if event['state'] == 'answered' else event['state']}"] += 1
        error = sys.exc_info()[1]
        if event["event"] in UNEXPECTED and not isinstance(error, Mistake):
            made[0].wrong(f"{event['event']}: {''.join(traceback.format_exception(error))}")
        raise structlog.DropEvent

    async def main() -> None:
        made.append(World(seed, plan or Plan(), rng, make_records))
        await made[0].run()

    before = structlog.get_config()
    structlog.configure(processors=[count])
    batch, originator.BATCH = originator.BATCH, rng.choice((2, originator.BATCH))  # that a claim is of several
    try:
        virtual_time.run(main(), rng)
    finally:
        structlog.configure(**before)
        originator.BATCH = batch
    made[0].counts += said
    return made[0]
