"""Callers who ring in, and how long they wait, talk and what they press: drawn from a seed, or fixed. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tongdai.switch.simulated.callees import TALK_S, Seconds, exponential, uniform

WAITS_S = exponential(120)
DECIDE_S, TIRED_S = uniform(2, 6), uniform(5, 30)
GREETING = re.compile(r"sound:(?!https?:|tongdai/(vi|en)/)")
"""The greeting of a menu: any sound that is neither an uploaded file nor a part of an announcement."""
OFFER = re.compile(r"sound:tongdai/(vi|en)/callback-offer")
"""The offer to be called back."""
CONFIRM = re.compile(r"sound:tongdai/(vi|en)/callback-confirm")
"""Their number was read out, and 1 confirms it."""


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key that a caller presses at whatever they hear, each time."""

    heard: re.Pattern[str]
    """Matches the beginning of one of the sounds that are played one after the other."""
    key: str
    after_s: float
    """From the beginning of the sounds; if somebody talks to them by then, or they are gone, they press nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The course of one inbound call unless it is hung up before."""

    waits_s: float | None = None
    """How long they wait for somebody, from ringing in, and again when they are left alone; None: for ever."""
    talk_s: float | None = None
    """From being connected with somebody until they hang up; None: never."""
    keys: tuple[tuple[float, str], ...] = ()
    """Keys that they press: seconds after the answer, and the key."""
    replies: tuple[KeyPress, ...] = ()
    """The first that fits what they hear is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """How a population presses keys."""

    share: float = 1.0
    """The part of the callers who press any."""
    choices: Mapping[str, float] = field(default_factory=lambda: {"1": 6.0, "2": 3.0, "9": 1.0})
    """Keys at the greeting of a menu, and how often each is pressed in proportion; a menu need not have them."""
    called_back: float = 0.4
    """Share of those who press any that ask to be called back when that is offered to them."""
    decide_s: Seconds = DECIDE_S
    """From hearing a greeting, or their number, until they press."""
    tired_s: Seconds = TIRED_S
    """From being offered to be called back until they ask for it."""

    def replies(self, rng: Random) -> tuple[KeyPress, ...]:
        """The replies of one caller."""
        if rng.random() >= self.share:
            return ()
        (key,) = rng.choices(list(self.choices), list(self.choices.values()))
        greeting, confirm = KeyPress(GREETING, key, self.decide_s(rng)), KeyPress(CONFIRM, "1", self.decide_s(rng))
        asks = rng.random() < self.called_back
        return (greeting, confirm, KeyPress(OFFER, "1", self.tired_s(rng))) if asks else (greeting, confirm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """A population: who rings in, and with what patience."""

    waits_s: Seconds = WAITS_S
    talk_s: Seconds = TALK_S
    keys: Keys | None = None
    """None: nobody presses any."""
    numbers: int = 100_000
    """How many people there are; somebody who was not served rings again by chance."""

    def __call__(self, rng: Random) -> tuple[str, Patience]:
        """Their number, and the course of their call."""
        number = f"8490{rng.randrange(self.numbers):07d}"
        waits_s, talk_s = self.waits_s(rng), self.talk_s(rng)
        replies = () if self.keys is None else self.keys.replies(rng)
        return number, Patience(waits_s=waits_s, talk_s=talk_s, replies=replies)


@dataclass(slots=True, kw_only=True)
class Arrivals:
    """A Poisson process of callers; every part may be changed at any time."""

    per_hour: float
    called: Sequence[str] | Callable[[], Sequence[str]]
    """The numbers that they ring, each as often as the others; none: nobody rings."""
    trunk: str = "carrier"
    callers: Callable[[Random], tuple[str, Patience]] = Callers()

    def next_after_s(self, rng: Random) -> float | None:
        """None: nobody rings at this rate."""
        return rng.expovariate(self.per_hour / 3600) if self.per_hour > 0 else None

    def ring(self, rng: Random) -> tuple[str, str, Patience] | None:
        """The number called, the caller's, and the course; None: there is no number to ring."""
        numbers = self.called() if callable(self.called) else self.called
        if not numbers:
            return None
        return rng.choice(numbers), *self.callers(rng)
