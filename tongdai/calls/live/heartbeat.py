"""The dialer's sign of life, in the database: what other processes know of it and of the switch."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongdai.db.pool import Connection

BEAT_S = 1.0
"""How often the dialer is to give one."""
DEAD_AFTER = timedelta(seconds=10)
"""Without one for so long the dialer is taken not to be running. A busy dialer's beat may come late by seconds."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the dialer knows of itself."""

    switch_up: bool
    switch: str
    """What it says it is: `Asterisk 22.9.0`, `simulated`."""
    app: str
    """The Stasis application."""
    host: str
    """Where the dialer runs."""
    live_calls: int
    """Of all tenants."""
    placed_10s: int
    """Originates in the last 10 seconds."""


@dataclass(frozen=True, slots=True)
class Dialing:
    """The newest sign of life, as seen now by the database's clock."""

    running: bool
    alive_at: datetime | None = None
    """None: there was never one."""
    pulse: Pulse | None = None

    @property
    def switch_up(self) -> bool:
        """False too when nobody is there to know."""
        return self.running and self.pulse is not None and self.pulse.switch_up


BEAT = """
insert into dialer_state (alive_at, switch_up, switch, app, host, live_calls, placed_10s)
values (now(), $1, $2, $3, $4, $5, $6)
on conflict (only_one) do update set alive_at = excluded.alive_at, switch_up = excluded.switch_up,
    switch = excluded.switch, app = excluded.app, host = excluded.host, live_calls = excluded.live_calls,
    placed_10s = excluded.placed_10s
"""


async def beat(conn: Connection, pulse: Pulse) -> None:
    """Give a sign of life. Only who holds the dialer's role may."""
    args = (pulse.switch_up, pulse.switch, pulse.app, pulse.host, pulse.live_calls, pulse.placed_10s)
    await conn.execute(BEAT, *args)


READ = """
select alive_at, alive_at > now() - $1::interval as running, switch_up, switch, app, host, live_calls, placed_10s
from dialer_state
"""


async def read(conn: Connection) -> Dialing:
    row = await conn.fetchrow(READ, DEAD_AFTER)
    if row is None:
        return Dialing(running=False)
    pulse = Pulse(row["switch_up"], row["switch"], row["app"], row["host"], row["live_calls"], row["placed_10s"])
    return Dialing(row["running"], row["alive_at"], pulse)
