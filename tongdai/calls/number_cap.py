"""The frequency cap of a number in SQL: until when earlier calls forbid another one.

A cap counts placed calls that have ended, of all campaigns of tenant $1. A number has one active call at a time, so
its calls were dialled in the order in which they were claimed: with a cap of n calls, the n-th last one decides.

`blocked_until` asks for one number, `blocked_numbers` for all; a test compares the two.
"""

from datetime import timedelta

from tongdai.calls.sql import ENDED, month_of

CLAIMED_BEFORE = timedelta(hours=1)
"""A call is dialled within less than this after its claim. Caps count from dialling, and the index of all calls of a
tenant has the time of the claim."""


def blocked_until(number: str, calls: str, periods: str, now: str = "now()") -> str:
    """A query of `until_at`, when the last of the caps allows a call to `number` again; null when all of them allow
    it now.

    All arguments are SQL expressions; `calls` and `periods` are arrays with an element for each cap.
    """
    return f"""select max(placed.dialled_at + caps.period) as until_at
        from unnest({calls}::integer[], {periods}::interval[]) as caps (calls, period)
        cross join lateral (
            select dialled_at from call
            where tenant_id = $1 and phone = {number} and {ENDED} and dialled_at is not null
                and ended_month >= {month_of(f"{now} - caps.period")}
            order by opened_at desc offset caps.calls - 1 limit 1
        ) placed
        where placed.dialled_at + caps.period > {now}"""


def blocked_numbers(calls: str, periods: str, span: str) -> str:
    """A query of `phone`: every number that a cap forbids to call now, once for each such cap.

    A cap of n calls in a period forbids a number with n or more calls in it, as the n-th last one is among them. `span`
    is the longest period and CLAIMED_BEFORE.
    """
    return f"""select placed.phone from unnest({calls}::integer[], {periods}::interval[]) as caps (calls, period)
        join call placed on placed.tenant_id = $1 and placed.ended_at is not null
            and placed.opened_at > now() - {span}::interval and placed.dialled_at + caps.period > now()
        group by placed.phone, caps.calls, caps.period having count(*) >= caps.calls"""
