"""The simulated switch's own record of what it did, against which the invariants of dialling are checked."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tongdai.switch.simulated.callees import Plan


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
    played_at: datetime | None = None
    bridged_at: datetime | None = None
    """When the channel was first in a bridge with another one."""
    ended_at: datetime | None = None
    hung_up_by_us: bool = False
    cause: int | None = None


Rule = Callable[[SimulatedCall], str | None]
"""Checks an originate: returns what is wrong with it, or None."""


class Ledger:
    """Records every call and checks it.

    `violations` must be empty at the end of any test: no two channels of one number at once, no channel id used twice,
    no originate while its application is disconnected, and whatever `rules` add (windows, do-not-call, …).
    """

    def __init__(self, keep: int | None = None) -> None:
        """`keep`: how many records are retained; None: all, and every channel id."""
        self.calls: deque[SimulatedCall] = deque(maxlen=keep)
        self.active: dict[str, SimulatedCall] = {}
        """By number or name of the phone."""
        self.rules: list[Rule] = []
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        """`originated`, `answered`, `unheard`, `ended`, and each injected fault by its name."""
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

    def answered(self, call: SimulatedCall, at: datetime, *, heard: bool) -> None:
        call.answered_at, call.heard = at, heard
        self.counts["answered"] += 1
        self.counts["unheard"] += not heard

    def ended(self, call: SimulatedCall, at: datetime, cause: int) -> None:
        call.ended_at, call.cause = at, cause
        self.counts["ended"] += 1
        if self.active.get(call.to) is call:
            del self.active[call.to]

    def violation(self, call: SimulatedCall, what: str) -> None:
        self.violations.append(f"{call.originated_at.isoformat()} channel {call.channel_id}: {what}")
