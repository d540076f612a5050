"""The simulated switch's own record of what it did, against which the invariants of dialling are checked."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tongdai.switch.simulated.callees import Plan
from tongdai.switch.simulated.callers import Patience


@dataclass(slots=True)
class Talk:
    """Two channels in one bridge."""

    with_whom: str
    """The number, or the name of an agent's phone."""
    agent: bool
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(slots=True)
class SimulatedCall:
    """One originated channel. Instants are the switch's; None: has not happened."""

    channel_id: str
    to: str
    """The digits dialled, or the name of an agent's phone."""
    agent: bool
    app_args: tuple[str, ...]
    caller_id: str
    plan: Plan
    originated_at: datetime
    answered_at: datetime | None = None
    heard: bool = False
    """The application was connected when the call was answered; otherwise the callee heard nobody."""
    verdict: str | None = None
    """AMDSTATUS, when the dialplan was asked whether a machine answered."""
    heard_keys: str = ""
    """The keys that the application pressed for them."""
    played_at: datetime | None = None
    bridged_at: datetime | None = None
    """When the channel was first in a bridge with another one."""
    ended_at: datetime | None = None
    hung_up_by_us: bool = False
    cause: int | None = None
    talks: list[Talk] = field(default_factory=list[Talk])
    """With whom a customer was connected, in order."""

    @property
    def caller_number(self) -> str:
        """The number of the far end, as ARI lists it."""
        return "" if self.agent else self.to

    @property
    def extension(self) -> str:
        return ""


@dataclass(slots=True)
class Played:
    """Sounds that were played one after the other, unless they were stopped."""

    playback_id: str
    sounds: tuple[str, ...]
    since: datetime
    until: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SimulatedCaller(SimulatedCall):
    """One call that came in. `to` is the called number and `caller_id` the caller's, `originated_at` its arrival."""

    course: Patience
    trunk: str
    music_s: float = 0.0
    """How long they heard music on hold."""
    sounds: list[Played] = field(default_factory=list[Played])
    """The sounds that were played to them, in order; not music on hold."""
    keys: str = ""
    """The keys that they pressed."""
    ended_by: str | None = None
    """`caller`, `us`, or `switch`: nobody took the call, or the switch crashed."""

    @property
    def caller_number(self) -> str:
        return self.caller_id

    @property
    def extension(self) -> str:
        return self.to

    @property
    def arrived_at(self) -> datetime:
        return self.originated_at

    @property
    def served(self) -> bool:
        return any(talk.agent for talk in self.talks)


Rule = Callable[[SimulatedCall], str | None]
"""Checks an originate: returns what is wrong with it, or None."""


class Ledger:
    """Records every call and checks it.

    `violations` must be empty at the end of any test: no two channels of one number at once, no channel id used twice,
    no originate while its application is disconnected, no caller bridged before the answer, while something plays, with
    two agents (unless `conferences`) or with another customer, no caller answered again while a sound plays, and
    whatever `rules` add (windows, do-not-call, …).
    """

    def __init__(self, keep: int | None = None) -> None:
        """`keep`: how many records are retained; None: all, and every channel id."""
        self.calls: deque[SimulatedCall] = deque(maxlen=keep)
        self.active: dict[str, SimulatedCall] = {}
        """By number or name of the phone."""
        self.callers: deque[SimulatedCaller] = deque(maxlen=keep)
        """The calls that came in, which are not among `calls`."""
        self.conferences = False
        """Whether a caller may be with two agents at once. A test may change it."""
        self.rules: list[Rule] = []
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        """`originated`, `answered`, `unheard`, `ended`; of callers `arrived`, `taken`, `left`; and each injected fault
        by its name."""
        self._ids: set[str] | None = set() if keep is None else None

    def originated(self, call: SimulatedCall) -> None:
        self.counts["originated"] += 1
        if self._ids is not None and call.channel_id in self._ids:
            self.violation(call, "its channel id was used before")
        if not call.agent and call.to in self.active:
            self.violation(call, f"the number is in channel {self.active[call.to].channel_id} already")
        for rule in self.rules:
            if (wrong := rule(call)) is not None:
                self.violation(call, wrong)
        if self._ids is not None:
            self._ids.add(call.channel_id)
        self.active[call.to] = call
        self.calls.append(call)

    def arrived(self, caller: SimulatedCaller) -> None:
        self.counts["arrived"] += 1
        self.callers.append(caller)

    def bridged(self, customer: SimulatedCall, others: Sequence[SimulatedCall], state: str, at: datetime) -> None:
        """A customer is in a bridge with these, from now on."""
        self._talks(customer, others, at)
        if state == "Ring":
            self.violation(customer, "bridged before it was answered")
        agents = sum(other.agent for other in others)
        if agents > 1 and not self.conferences:
            self.violation(customer, f"bridged with {agents} agents")
        if agents < len(others) and not self.conferences:
            self.violation(customer, "bridged with another customer")

    def _talks(self, customer: SimulatedCall, others: Sequence[SimulatedCall], at: datetime) -> None:
        present = {other.to: other.agent for other in others}
        for talk in customer.talks:
            if talk.ended_at is None:
                if talk.with_whom in present:
                    del present[talk.with_whom]
                else:
                    talk.ended_at = at
        customer.talks.extend(Talk(name, agent, at) for name, agent in present.items())

    def alone(self, customer: SimulatedCall, at: datetime) -> None:
        """A customer has left their bridge."""
        self._talks(customer, (), at)

    def talk_s(self, phone: str) -> float:
        """Seconds for which callers were connected with an agent's phone; talks that have ended."""
        talks = (talk for caller in self.callers for talk in caller.talks if talk.agent and talk.with_whom == phone)
        return sum((talk.ended_at - talk.began_at).total_seconds() for talk in talks if talk.ended_at is not None)

    def answered(self, call: SimulatedCall, at: datetime, *, heard: bool) -> None:
        call.answered_at, call.heard = at, heard
        self.counts["taken" if isinstance(call, SimulatedCaller) else "answered"] += 1
        self.counts["unheard"] += not heard

    def ended(self, call: SimulatedCall, at: datetime, cause: int) -> None:
        call.ended_at, call.cause = at, cause
        self._talks(call, (), at)
        if isinstance(call, SimulatedCaller):
            call.ended_by = call.ended_by or ("us" if call.hung_up_by_us else "switch")
            self.counts["left"] += 1
            return
        self.counts["ended"] += 1
        if self.active.get(call.to) is call:
            del self.active[call.to]

    def violation(self, call: SimulatedCall, what: str) -> None:
        self.violations.append(f"{call.originated_at.isoformat()} channel {call.channel_id}: {what}")
