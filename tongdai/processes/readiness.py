"""Whether the work of an installation is done, by what the database shows and not by which processes exist."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.db.pool import Connection
from tongdai.dialing import store as dialing
from tongdai.dialing.model import Hold
from tongdai.switches.model import DEAD_AFTER

IMPORTS_DEAD_AFTER = timedelta(seconds=10)
"""If no import was claimed for so long while one waits, imports are not being processed."""

HEARTBEATS = """
select name, extract(epoch from clock_timestamp() - alive_at)::double precision as age_s
from switch order by name
"""
IMPORTS = """
select extract(
        epoch from clock_timestamp() - (select max(served_at) from import_turn)
    )::double precision as claim_age_s,
    extract(epoch from clock_timestamp() - min(created_at))::double precision as waiting_s
from import_job
where undone_at is null and finished_at is null and (lease_until is null or lease_until < clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """How many seconds ago work was last done."""

    heartbeats: dict[str, float | None]
    """Seconds since the last heartbeat of each switch's leader; None: there never was one."""
    import_claim_s: float | None
    """Seconds since the last claim of an import; None: there was none."""
    import_waiting_s: float | None
    """Age in seconds of the oldest import that could be claimed; None: there is none."""
    hold: Hold | None = None
    """Why nothing is dialled; None: dialing is not held."""

    def leads(self, switch: str) -> bool:
        """Whether some process leads the switch."""
        age_s = self.heartbeats.get(switch)
        return age_s is not None and age_s < DEAD_AFTER.total_seconds()

    @property
    def imports(self) -> bool:
        """Whether imports are being processed: none waits, or one was claimed recently."""
        limit_s = IMPORTS_DEAD_AFTER.total_seconds()
        waits = self.import_waiting_s is not None and self.import_waiting_s >= limit_s
        return not waits or (self.import_claim_s is not None and self.import_claim_s < limit_s)


async def work_status(conn: Connection) -> WorkStatus:
    heartbeats = {row["name"]: row["age_s"] for row in await conn.fetch(HEARTBEATS)}
    row = await conn.fetchrow(IMPORTS)
    assert row is not None
    return WorkStatus(heartbeats, row["claim_age_s"], row["waiting_s"], await dialing.current(conn))
