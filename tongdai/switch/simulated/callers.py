"""Callers who ring in, and how long they wait, talk and what they press: drawn from a seed, or fixed. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tongdai.switch.simulated.callees import TALK_S, Seconds, exponential

WAITS_S = exponential(120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The course of one inbound call unless it is hung up before."""

    waits_s: float | None = None
    """How long they wait for somebody, from ringing in, and again when they are left alone; None: for ever."""
    talk_s: float | None = None
    """From being connected with somebody until they hang up; None: never."""
    keys: tuple[tuple[float, str], ...] = ()
    """Keys that they press: seconds after the answer, and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """A population: who rings in, and with what patience."""

    waits_s: Seconds = WAITS_S
    talk_s: Seconds = TALK_S
    numbers: int = 100_000
    """How many people there are; somebody who was not served rings again by chance."""

    def __call__(self, rng: Random) -> tuple[str, Patience]:
        """Their number, and the course of their call."""
        number = f"8490{rng.randrange(self.numbers):07d}"
        return number, Patience(waits_s=self.waits_s(rng), talk_s=self.talk_s(rng))


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
