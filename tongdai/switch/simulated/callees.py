"""Callees and how they respond to calls: drawn from a seed, or fixed. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random


class Response(StrEnum):
    """How the called side responds to a call."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNALLOCATED = "unallocated"
    REJECTED = "rejected"
    CONGESTION = "congestion"
    DEAD = "dead"
    """The carrier says nothing for 32 s."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The course of one call unless it is hung up before."""

    response: Response
    after_s: float = 0.0
    """From the originate to the response; unused for NO_ANSWER, which the call's timeout ends."""
    talk_s: float | None = None
    """From the answer until the callee hangs up; None: never."""
    machine: bool = False


Callee = Callable[[str, datetime, Random], Plan]
"""The plan of a call to a number (or a phone's name) at an instant."""
Seconds = Callable[[Random], float]


def uniform(low: float, high: float) -> Seconds:
    return lambda rng: rng.uniform(low, high)


def exponential(mean: float) -> Seconds:
    return lambda rng: rng.expovariate(1 / mean)


def lognormal(median: float, sigma: float) -> Seconds:
    """`sigma` of the logarithm: 0.8 is usual for talks."""
    return lambda rng: rng.lognormvariate(math.log(median), sigma)


AWAY, AWAY_RATE = "-away", 0.2
"""How the name of a phone ends that nobody is at, mostly, and the share of its calls that are picked up."""
RING_S, TALK_S, PICK_UP_S = uniform(3, 20), lognormal(90, 0.8), uniform(1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callees:
    """A population. A `Callee`."""

    answer_rate: float | Callable[[datetime], float] = 0.3
    """Share of calls that are answered, those by machines included."""
    machines: float = 0.1
    """Share of the answers that are by a machine."""
    busy: float = 0.15
    """This and the next: shares of the calls that are not answered; the rest ring until the timeout."""
    unallocated: float = 0.05
    rejected: float = 0.05
    congestion: float = 0.03
    dead: float = 0.0
    ring_s: Seconds = RING_S
    talk_s: Seconds = TALK_S

    def __call__(self, number: str, now: datetime, rng: Random) -> Plan:
        rate = self.answer_rate(now) if callable(self.answer_rate) else self.answer_rate
        if rng.random() < rate:
            return Plan(Response.ANSWERED, self.ring_s(rng), self.talk_s(rng), machine=rng.random() < self.machines)
        return self._unanswered(rng)

    def _unanswered(self, rng: Random) -> Plan:
        responses = {
            Response.BUSY: self.busy,
            Response.UNALLOCATED: self.unallocated,
            Response.REJECTED: self.rejected,
            Response.CONGESTION: self.congestion,
            Response.DEAD: self.dead,
        }
        drawn = rng.random()
        for response, share in responses.items():
            drawn -= share
            if drawn < 0:
                return Plan(response, self._refused_after(response, rng))
        return Plan(Response.NO_ANSWER)

    def _refused_after(self, response: Response, rng: Random) -> float:
        if response is Response.DEAD:
            return 32.0
        return self.ring_s(rng) if response is Response.REJECTED else rng.uniform(0.1, 3.0)


def always(response: Response, after_s: float = 5.0, talk_s: float | None = None, *, machine: bool = False) -> Callee:
    """The same plan for every call."""
    return lambda _number, _now, _rng: Plan(response, after_s, talk_s, machine)


def phone(answer_s: Seconds | None = PICK_UP_S) -> Callee:
    """An agent's phone: answers after a while, or never (None), and never hangs up."""
    if answer_s is None:
        return always(Response.NO_ANSWER)
    return lambda _name, _now, rng: Plan(Response.ANSWERED, answer_s(rng))


def any_phone(name: str, _now: datetime, rng: Random) -> Plan:
    """The plan of a call to an agent's phone of any name: it is picked up, unless the name tells that nobody is at it
    (AWAY)."""
    if name.endswith(AWAY) and rng.random() >= AWAY_RATE:
        return Plan(Response.NO_ANSWER)
    return Plan(Response.ANSWERED, PICK_UP_S(rng))
