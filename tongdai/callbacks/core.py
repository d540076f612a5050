"""Decides when a callback may be dialled, how long it holds, and what happens to it after a try. Pure."""

from datetime import UTC, datetime, timedelta

from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.callbacks.model import MAX_TRIES, RETRY_AFTER, CallbackState
from tongdai.campaigns.settings import windows
from tongdai.campaigns.settings.rules import STANDARD_HOURS
from tongdai.campaigns.settings.windows import Week
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.queues.hours.model import Closed, Open

NOT_PLACED = frozenset({Outcome.CANCELLED.value})
"""Outcomes of a try that does not count: nobody's phone rang."""


def may_call(hours: Week | None, phone: str, tenant_zone: str, now: datetime) -> bool:
    """Whether a number may be called now: by the tenant's calling hours (None: the standard ones), in all zones where
    the number may be; in the tenant's, if it shows none."""
    zone = zone_of(phone) or tenant_zone
    return windows.open_until(STANDARD_HOURS if hours is None else hours, zone, now) is not None


def expires_at(opening: Open | Closed, asked_at: datetime, expires_s: int) -> datetime:
    """Until when a callback holds that is asked for now: `expires_s` from then, or until the queue closes if that is
    earlier. One that is asked for while the queue is closed holds for as long from when it opens."""
    span = timedelta(seconds=expires_s)
    if isinstance(opening, Closed):  # a queue may be closed until the last instant that there is
        return min(opening.until or asked_at, datetime.max.replace(tzinfo=UTC) - span) + span
    return asked_at + span if opening.until is None else min(asked_at + span, opening.until)


def after_try(outcome: Outcome | InboundOutcome, tries: int, ended_at: datetime) -> tuple[CallbackState, int, datetime]:
    """The state after a try that connected the customer with nobody, the tries that count, and when it is due again."""
    if outcome.value in NOT_PLACED:
        return CallbackState.PENDING, tries - 1, ended_at
    state = CallbackState.FAILED if tries >= MAX_TRIES else CallbackState.PENDING
    return state, tries, ended_at + RETRY_AFTER
