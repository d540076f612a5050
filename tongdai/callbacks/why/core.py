"""Finds why a pending callback is not dialled now, and says it. Pure.

The conditions are those under which `callbacks/store.py` and the matcher let it be dialled, in the order in which they
are met: what ends last by itself, or needs a person, is said before what only needs a free agent.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from tongdai.callbacks.core import may_call
from tongdai.callbacks.model import MAX_TRIES, Callback
from tongdai.callbacks.why.model import Circumstances, Facts, PendingReason, PendingWhy
from tongdai.campaigns.settings import windows
from tongdai.campaigns.settings.rules import STANDARD_HOURS
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.queues.hours.model import Closed

R = PendingReason
_SENTENCES: dict[PendingReason | None, str] = {
    None: "It is about to be called.",
    R.TERM_OVER: "Its term has ended: it expires as soon as telephony runs.",
    R.NEXT_TRY: "Try {tries} of {most} reached nobody; the next one is{until}.",
    R.NOT_DUE: "It is to be called{until}.",
    R.DO_NOT_CALL: "The number is on a do-not-call list: it will not be called.",
    R.DIALING_HELD: "Dialing is held until an operator releases it.",
    R.OUTSIDE_CALLING_HOURS: "The number may not be called at this hour{until}.",
    R.QUEUE_CLOSED: "The queue is closed{until}.",
    R.NUMBER_IN_CALL: "The number is in a call.",
    R.TELEPHONY_NOT_RUNNING: "No telephony process is running: nobody is called.",
    R.SWITCH_AWAY: "Tongdai is not connected to the switch: nobody is called.",
    R.NO_AGENTS_SIGNED_IN: "No agent of the queue is signed in.",
    R.KEPT_FOR_AGENT: "It is kept for agent {agent}, who is not free{until}.",
    R.NO_AGENT_FREE: "No agent of the queue is free.",
    R.CALLERS_FIRST: "The agents who are free get those who came earlier.",
}
_AT = frozenset({R.NEXT_TRY, R.NOT_DUE})
"""Reasons whose end is the time of the call."""


def why(callback: Callback, facts: Facts, around: Circumstances) -> PendingWhy:
    reason, until = _reason(callback, facts, around)
    when = f"{' at' if reason in _AT else ', until'} {_local(until, around.zone)}" if until is not None else ""
    message = _SENTENCES[reason].format(tries=callback.tries, most=MAX_TRIES, agent=callback.agent_id, until=when)
    return PendingWhy(reason, message, until)


def _reason(callback: Callback, facts: Facts, around: Circumstances) -> tuple[PendingReason | None, datetime | None]:
    now, opening, switch = around.now, around.opening, around.switch
    callable_ = may_call(around.hours, callback.phone, around.zone, now)
    closed = opening if isinstance(opening, Closed) else None
    conditions = (
        (callback.expires_at <= now, R.TERM_OVER, None),
        (facts.listed, R.DO_NOT_CALL, None),
        (callback.due_at > now, R.NEXT_TRY if callback.tries else R.NOT_DUE, callback.due_at),
        (facts.held, R.DIALING_HELD, None),
        (not callable_, R.OUTSIDE_CALLING_HOURS, None if callable_ else _may_be_called_at(callback, around)),
        (closed is not None, R.QUEUE_CLOSED, None if closed is None else closed.until),
        (facts.busy, R.NUMBER_IN_CALL, None),
        (not switch.up, R.SWITCH_AWAY if switch.running else R.TELEPHONY_NOT_RUNNING, None),
    )
    met = ((reason, until) for holds, reason, until in conditions if holds)
    return next(met, None) or _of_agents(callback, facts, now)


def _of_agents(callback: Callback, facts: Facts, now: datetime) -> tuple[PendingReason | None, datetime | None]:
    if not facts.signed_in:
        return R.NO_AGENTS_SIGNED_IN, None
    kept = callback.agent_until is not None and now < callback.agent_until
    if kept and not facts.agent_idle:
        return R.KEPT_FOR_AGENT, callback.agent_until
    if not facts.idle:
        return R.NO_AGENT_FREE, None
    return (R.CALLERS_FIRST if facts.earlier else None), None


def _may_be_called_at(callback: Callback, around: Circumstances) -> datetime | None:
    week = STANDARD_HOURS if around.hours is None else around.hours
    return windows.next_open(week, zone_of(callback.phone) or around.zone, around.now)


def _local(instant: datetime, zone: str) -> str:
    """An instant in the tenant's time zone."""
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
