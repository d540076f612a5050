"""Decides what is announced to a caller who waits, and when. Pure.

- The first announcement always comes, whatever the place.
- A worse number than one that was announced is never said: a caller who heard 3 does not hear 4, also after VIPs came
  in between; they are asked to stay on the line.
- At least LEAST_BETWEEN_ANNOUNCEMENTS_S pass between two of them, from the end of the one to the begin of the next.
- Each says by which key callers ask to be called back, where they may.
- They delay nothing: an agent is offered whether one plays or not, nothing begins while the caller is offered, and what
  plays is stopped when they are connected.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tongdai.queues.model import QueueRules
from tongdai.queues.prompts.model import MOST_MINUTES, MOST_POSITION, callback_parts, position_parts, wait_parts
from tongdai.queues.settings.model import LEAST_BETWEEN_ANNOUNCEMENTS_S

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_LEAST = timedelta(seconds=LEAST_BETWEEN_ANNOUNCEMENTS_S)


@dataclass(frozen=True, slots=True)
class Announced:
    """The announcements that a caller has heard."""

    position: int | None = None
    """The best place that was announced; None: none was."""
    minutes: int | None = None
    """The shortest wait that was announced."""
    playing: bool = False
    quiet_since: datetime | None = None
    """When the last announcement ended; None: there was none."""


@dataclass(frozen=True, slots=True)
class Announcement:
    parts: tuple[str, ...]
    """The parts to play, one after the other."""
    then: Announced
    """All that the caller has heard with it."""


def announcement(
    heard: Announced, rules: QueueRules, now: datetime, *, position: int, wait_s: float | None, offered: bool
) -> Announcement | None:
    """The announcement to begin now; None: none. `wait_s` None: no wait can be expected."""
    if not rules.announce_position or offered or heard.playing:
        return None
    if now < due_at(heard, rules, position):
        return None
    language = rules.language or "en"
    said, minutes = heard.position, heard.minutes
    parts: list[str] = []
    if position <= MOST_POSITION and (said is None or position <= said):
        parts, said = position_parts(language, position), position
    if rules.announce_wait and wait_s is not None:
        expected = min(minutes_of(wait_s), MOST_MINUTES + 1)
        if minutes is None or expected <= minutes:
            parts, minutes = [*parts, *wait_parts(language, expected)], expected
    then = Announced(said, minutes, playing=True, quiet_since=heard.quiet_since)
    offer = callback_parts(language, rules.callback_key) if rules.callback_offered else []
    return Announcement((*(parts or ["please-wait"]), *offer), then)


def ended(heard: Announced, now: datetime) -> Announced:
    """An announcement was played, or stopped."""
    return replace(heard, playing=False, quiet_since=now)


def due_at(heard: Announced, rules: QueueRules, position: int) -> datetime:
    """The earliest time of the next announcement; datetime.min for the first."""
    if heard.quiet_since is None:
        return _BEGINNING
    every = max(timedelta(seconds=rules.announce_every_s), _LEAST)
    better = heard.position is not None and position < heard.position
    return heard.quiet_since + (_LEAST if better else every)


def minutes_of(wait_s: float) -> int:
    """A wait in whole minutes, rather too long than too short; 0 is less than one."""
    return 0 if wait_s < 60 else -int(-wait_s // 60)


def expected_wait_s(position: int, handling_s: float, agents: int) -> float | None:
    """The expected wait at a place, when calls take so long on average; None without agents.

    Each of the agents becomes free once in the time of a call, and takes the next caller.
    """
    return None if agents <= 0 else position * handling_s / agents
