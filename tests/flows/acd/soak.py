"""Callers at a rate, and callers on hold, through the whole server: `python -m tests.flows.acd.soak`.

First callers who wait with hold music while nobody is signed in; then callers who ring in at a steady rate and are
served. The switch's ledger has each of them: each must be answered, or hang up by themselves, and its call in the
database must say the same. Exits with 0 when all are accounted for.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.support.call_floor import Floor, floor
from tests.support.dialing_server import DialingServer, dialing_server
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import exponential, phone, uniform
from tongdai.switch.simulated.callers import Arrivals, Callers
from tongdai.switch.simulated.ledger import SimulatedCaller

TALK_S, PATIENCE_S, WRAP_UP_S = 2.0, 30.0, 1
WRITTEN = "02873001234"
SETTLED_S = 60
RING_IN_PER_S = 20
"""How fast the callers ring in who then wait: all at once would be a test of the database."""


async def soak(per_second: float, seconds: float, waiting: int, agents: int) -> int:
    """The exit code."""
    with tempfile.TemporaryDirectory() as folder:
        async with dialing_server(Path(folder), max_calls="5000") as here:
            sales = await floor(here)
            settings = {"joinEmpty": True, "leaveEmptyAfterSec": None, "maxLength": None}
            await here.call("PATCH", f"/v1/queues/inbound/{sales.queue_id}/settings", settings)
            wrong = await _hold(sales, waiting, seconds)
            wrong += await _serve(sales, per_second, seconds, agents)
    for each in wrong[:20]:
        print(f"WRONG: {each}", flush=True)  # noqa: T201
    print("wrong" if wrong else "all are accounted for")  # noqa: T201
    return 1 if wrong else 0


async def _hold(sales: Floor, waiting: int, seconds: float) -> list[str]:
    """So many callers wait for so long, then all hang up."""
    ledger, began = sales.here.simulated.ledger, time.monotonic()
    callers: list[SimulatedCaller] = []
    for person in range(waiting):
        callers.append(sales.call_in(person))
        await asyncio.sleep(1 / RING_IN_PER_S)
    await eventually(lambda: all(caller.answered_at for caller in callers), SETTLED_S, "all to be answered")
    print(f"{waiting} callers wait after {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201
    await asyncio.sleep(seconds)
    gone = sum(caller.ended_at is not None for caller in callers)
    for caller in callers:
        sales.here.simulated.leave(caller)
    await _all_ended(sales.here)
    quiet = [caller for caller in callers if caller.music_s < seconds]
    print(f"{waiting - len(quiet)} heard music for {seconds:.0f} s, {gone} were gone before", flush=True)  # noqa: T201
    return [f"{caller.channel_id} heard {caller.music_s:.1f} s of music" for caller in quiet] + ledger.violations


async def _serve(sales: Floor, per_second: float, seconds: float, agents: int) -> list[str]:
    simulated = sales.here.simulated
    for number in range(agents):
        simulated.phones[f"agent-{100 + number}"] = phone(uniform(0.1, 0.2))
        agent = {"agentName": "A", "endpoint": f"agent-{100 + number}", "queueId": sales.queue_id}
        made = await sales.here.call("POST", "/v1/agents", agent | {"wrapUpSec": WRAP_UP_S})
        await sales.here.call("POST", f"/v1/agents/{made['agentId']}/sign-in")
    before = len(simulated.ledger.callers)
    people = Callers(waits_s=exponential(PATIENCE_S), talk_s=exponential(TALK_S), numbers=10**7)
    simulated.arrive(Arrivals(per_hour=per_second * 3600, called=[WRITTEN], callers=people))
    await asyncio.sleep(seconds)
    simulated.arrive(Arrivals(per_hour=0, called=()))
    await _all_ended(sales.here)
    callers = list(simulated.ledger.callers)[before:]
    waits = sorted(_wait_s(caller) for caller in callers if caller.served)
    print(  # noqa: T201
        f"{len(callers)} callers in {seconds:.0f} s, {agents} agents: {len(waits)} served, waited p50 "
        f"{waits[len(waits) // 2]:.2f} s, p99 {waits[int(len(waits) * 0.99)]:.2f} s",
        flush=True,
    )
    return await _compared(sales.here, callers) + simulated.ledger.violations


def _wait_s(caller: SimulatedCaller) -> float:
    return (caller.talks[0].began_at - caller.arrived_at).total_seconds()


async def _all_ended(here: DialingServer) -> None:
    async def no_live_call() -> bool:
        if any(caller.ended_at is None for caller in here.simulated.ledger.callers):
            return False
        async with here.server.database() as conn:
            return not await conn.fetchval("select count(*) from live_call where tenant_id = $1", here.key.tenant_id)

    await eventually(no_live_call, SETTLED_S + PATIENCE_S * 10, "all calls to end", poll_s=0.5)


async def _compared(here: DialingServer, callers: list[SimulatedCaller]) -> list[str]:
    """The callers whom the database has otherwise than the switch."""
    async with here.server.database() as conn:
        rows = await conn.fetch("select phone, outcome from call where tenant_id = $1", here.key.tenant_id)
    outcomes: dict[str, Any] = {row["phone"].removeprefix("+"): row["outcome"] for row in rows}
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for caller in callers:
        outcome = str(outcomes.get(caller.caller_id))
        by_switch = "served" if caller.served else f"hung up by {caller.ended_by}"
        counts[by_switch, outcome] += 1
        if (outcome == "answered") != caller.served or (not caller.served and caller.ended_by != "caller"):
            wrong.append(f"{caller.channel_id} is {outcome}, by the switch {by_switch}, cause {caller.cause}")
    print(", ".join(f"{one}: {two} {count}" for (one, two), count in counts.items()), flush=True)  # noqa: T201
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-second", type=float, default=20, help="callers who ring in")
    parser.add_argument("--seconds", type=float, default=60, help="of each part")
    parser.add_argument("--waiting", type=int, default=300, help="callers on hold")
    parser.add_argument("--agents", type=int, default=80)
    given = parser.parse_args()
    return asyncio.run(soak(given.per_second, given.seconds, given.waiting, given.agents))


if __name__ == "__main__":
    sys.exit(main())
