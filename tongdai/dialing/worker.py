"""Continuity: lets the leader of a switch dial only on a database that continues the one it dialled on.

    unjudged ── the database continues ──▶ beating ── no beat: it has only earlier ones ──▶ unjudged
        └── it does not: dialing is held ──▶ unjudged, and judged again once an operator released it

Owns what is remembered of the beats outside the database: in memory while the process lives, and in the beat file of
the data directory. Trusts `core` for the verdict, and the store's statements to refuse a claim or a call where dialing
is held or the database has an earlier beat than `known` (dialing/rule.py): a database that goes back while it is
connected is refused by those, and found here at the next beat.

While the database is unavailable, nothing is judged and nothing changes. When the beat file cannot be written, dialing
continues: a process that is started then reads an older beat, and may miss that the database went back.

Asserted: a beat is only remembered when the database has acknowledged it, and only grows.
"""

import asyncio
from pathlib import Path

import structlog

from tongdai import metrics
from tongdai.db.pool import Connection, connect
from tongdai.dialing import core, store
from tongdai.dialing.beat_file import BeatFile
from tongdai.dialing.model import HINT, MESSAGES, Hold, Identity, Remembered
from tongdai.ids import SwitchId
from tongdai.switches.model import Switch

log = structlog.get_logger()


class Memory:
    """A process's memory of the beats of a switch, over all its leaderships."""

    def __init__(self, data_dir: Path, switch: str, *, embedded: bool) -> None:
        """`embedded`: the database is in the same data directory."""
        self.file = BeatFile(data_dir, switch)
        self.embedded = embedded
        self.last: Remembered | None = None
        self._file_fails = False

    async def keep(self, beat: Remembered) -> None:
        """Remember a beat that was acknowledged."""
        assert self.last is None or core.is_other(self.last.identity, beat.identity) or self.last.beat < beat.beat, (
            f"beat {beat.beat} was acknowledged after {self.last}"
        )
        self.last = beat
        try:
            await asyncio.to_thread(self.file.write, beat)
            self._file_fails = False
        except OSError as error:
            if not self._file_fails:
                log.warning("beat file not written", error=str(error))
            self._file_fails = True


class Continuity:
    """One leadership of a switch, and whether it may dial."""

    def __init__(self, session_dsn: str, switch: Switch, memory: Memory) -> None:
        self._dsn, self._switch, self._memory = session_dsn, switch, memory
        self._identity: Identity | None = None
        """The database that continues; None: unjudged."""
        self._hold: Hold | None = None
        """The hold in force, by the last beat."""
        self.known = 0
        """The last acknowledged beat: no statement may dial on a database with an earlier one."""

    def may_dial(self) -> bool:
        """Whether the database continues, and dialing is not held, by the last beat."""
        return self._identity is not None and self._hold is None

    async def judge(self) -> None:
        """Begin to beat when the database continues; else hold dialing. Raises UNAVAILABLE."""
        conn = await connect(self._dsn, name="tongdai continuity")
        try:
            await self._judge(conn, self._switch.switch_id)
        finally:
            conn.terminate()

    async def _judge(self, conn: Connection, switch_id: SwitchId) -> None:
        memory = self._memory
        file = await asyncio.to_thread(memory.file.read)
        remembered = [one for one in (memory.last, file.remembered) if one is not None]
        beat = None
        async with conn.transaction():
            recorded = await store.recorded(conn, switch_id)
            present = await store.present(conn, embedded=memory.embedded, file=file.file, file_copied=file.copied)
            reason, known = core.discontinuity(recorded, remembered, present), core.last_beat(recorded, remembered)
            if reason is None:
                beat = await store.begin(conn, switch_id, present.identity, after=known or 0)
                hold = await store.current(conn)
            else:
                until = None if recorded is None else min(recorded.beat_at, present.now)
                hold = await store.hold(
                    conn, reason, switch_id=switch_id, calls_known_until=until, file=file.file, remembered=known
                )
        if beat is not None:
            self._identity, self.known = present.identity, beat
            await memory.keep(Remembered(beat, present.identity))
        self._report(hold)

    async def beat(self, conn: Connection) -> None:
        """Once a second: write the next beat, or find out why there can be none. Raises UNAVAILABLE."""
        if self._identity is None:
            if not await store.is_held(conn):
                await self.judge()
            return
        beaten = await store.beat(conn, self._switch.switch_id, self.known)
        if beaten is None:
            log.error("database has no later beat", switch=self._switch.name, known=self.known)
            self._identity = None
            await self.judge()
            return
        self.known = beaten.beat
        if beaten.held != (self._hold is not None):
            self._report(await store.current(conn))
        await self._memory.keep(Remembered(beaten.beat, self._identity))

    def _report(self, hold: Hold | None) -> None:
        if hold is not None:
            log.error(
                "dialing held", switch=self._switch.name, reason=hold.reason, why=MESSAGES[hold.reason], hint=HINT,
                since=hold.held_at.isoformat(timespec="seconds"),
            )  # fmt: skip
        elif self._hold is not None:
            log.info("dialing released", switch=self._switch.name)
        self._hold = hold
        metrics.DIALING_HELD.set(hold is not None)

    def end(self) -> None:
        """Another process may lead from now on."""
        metrics.DIALING_HELD.set(0)
