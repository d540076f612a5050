"""A leader that hangs with its supervisor, as on a machine that is paused: another one takes over, and when the first
comes back it does nothing that it had in mind."""

import signal
import sys
from pathlib import Path

import pytest

from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually, serving

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

TAKEN_OVER_S = 15.0
"""Noticed within 10 s; then the lock is granted, and the switch connected."""
CONTACTS = 3000
PLACED = '"call placed"'


async def test_leader_that_hangs_is_replaced_and_acts_on_nothing_it_knew(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        first = here.server
        settings = {"database_url": first.dsn, **here.settings}
        async with serving(tmp_path / "second", "--only", "telephony", **settings) as second:
            campaign_id = await here.campaign(CONTACTS, first=60_000_000, callsPerSecond=20)
            await eventually(lambda: len(here.simulated.ledger.calls) >= 40, 30, "calls")
            assert PLACED not in second.log_text()

            paused = [first.pid, *first.pids("telephony")]
            for pid in paused:
                first.send_to(pid, signal.SIGSTOP)
            await eventually(lambda: PLACED in second.log_text(), TAKEN_OVER_S, "the second to dial")
            assert "leader hangs: its session was terminated" in second.log_text()
            placed = first.log_text().count(PLACED)

            for pid in paused:
                first.send_to(pid, signal.SIGCONT)

            def knows() -> bool:
                text = first.log_text()
                return "leadership lost" in text or "another process has the switch" in text

            await eventually(knows, 10, "the first to learn of it")
            calls = len(here.simulated.ledger.calls)
            await eventually(lambda: len(here.simulated.ledger.calls) >= calls + 60, 30, "more calls of the second")
            assert first.log_text().count(PLACED) <= placed + REPLIES_READ_LATE
            assert here.simulated.ledger.violations == []
            await here.call("POST", f"/v1/campaigns/{campaign_id}/pause")
            assert set(here.dialled(60_000_000, CONTACTS).values()) <= {0, 1}


REPLIES_READ_LATE = 20
"""Replies to requests of before, which were in its socket when it was paused; one second of calls at most."""
