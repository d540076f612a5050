"""The abandonment rate: the share of a campaign's live answers that were abandoned, over the periods of its cap.

The one home of these counts: pacing keeps the cap by them, diagnostics says that it is reached, and the live figures
show the percentage. They are read from `call_hour`, so an hour counts if a part of it is within the period.
"""

from collections.abc import Sequence
from datetime import timedelta

from tongdai.call_outcome import LIVE_ANSWER_SQL, Outcome
from tongdai.calls.model import CAP_PERIODS, DAY, MONTH, LiveAnswers
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, TenantId

__all__ = ["CAP_PERIODS", "DAY", "LIVE_ANSWERS", "MONTH", "live_answers", "within"]


def within(period: str) -> str:
    """SQL: whether a part of the hour of a row of `call_hour` is within the last `period`, an expression."""
    return f"hour > now() - {period}::interval - interval '1 hour'"


LIVE_ANSWERS = f"""
select c.campaign_id, h.answered, h.abandoned
from unnest($2::bigint[]) as c (campaign_id)
cross join unnest($3::interval[]) with ordinality as p (period, place)
cross join lateral (
    select coalesce(sum(calls), 0)::bigint as answered,
        coalesce(sum(calls) filter (where outcome = '{Outcome.ABANDONED}'), 0)::bigint as abandoned
    from call_hour
    where tenant_id = $1 and campaign_id = c.campaign_id and outcome in {LIVE_ANSWER_SQL} and {within("p.period")}
) h
order by c.campaign_id, p.place
"""


async def live_answers(
    conn: Connection, tenant_id: TenantId, campaign_ids: Sequence[CampaignId], periods: Sequence[timedelta]
) -> dict[CampaignId, list[LiveAnswers]]:
    """The live answers of each campaign in each of the periods that end now, in the order of the periods."""
    found: dict[CampaignId, list[LiveAnswers]] = {campaign_id: [] for campaign_id in campaign_ids}
    for row in await conn.fetch(LIVE_ANSWERS, tenant_id, campaign_ids, periods):
        found[row["campaign_id"]].append(LiveAnswers(row["answered"], row["abandoned"]))
    return found
