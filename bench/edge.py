"""One worker beside thousands of connections that send nothing, and at five times as many requests as it can answer."""

import resource
import socket
import statistics
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench import open_loop, rounds, sides, world
from bench.load import Order
from bench.report import Row
from bench.rounds import Load
from bench.sides import Side
from bench.world import World

SILENT, KEPT = 10_000, 2_000
ROUNDS = 3
PACED = 200
"""Requests a second of the clients beside those connections."""
PACED_S = 3.0
"""With the time to open them less than the 10 seconds for which a silent connection stays open."""
TIMES = 5
OVERLOAD_S = 6.0
PATIENCE_S = (None, 1.0, 0.15)
TENANTS = 4
"""That send these requests in turn: one alone is given its share of a worker."""
PAGES = (20, 100)
"""Contacts of a page."""
NORMAL_S = 5
GOOD = 0.8
"""The part of the peak that is to be answered."""

Overload = Callable[[open_loop.Order], open_loop.Result]


def run(on: World, logs: Path) -> list[Row]:
    with world.database(on.data_dir) as dsn, rounds.load() as load:
        with sides.started(["tongdai"], on, dsn, logs) as (side,):
            rows = [_beside(on, side, load)]
        with (
            sides.started(["tongdai"], on, dsn, logs) as (side,),
            rounds.program("bench.open_loop", open_loop.Result) as overload,
        ):
            tenants = [on, *(world.another_tenant(on, dsn) for _ in range(TENANTS - 1))]
            for size in PAGES:
                requests = [
                    of.request("GET", f"{of.page_path}?page={page}&size={size}") for page in range(10) for of in tenants
                ]
                rows += _overloaded(side, requests, f"a page of {size} contacts", load, overload)
                with sides.started(["unread"], on, dsn, logs) as (unread,):
                    rows.append(_refusal(side, unread, requests, f"a page of {size} contacts", load, overload))
        return rows


# Connections that send nothing


def _beside(on: World, side: Side, load: Load) -> Row:
    request = on.request("GET", on.page_path)
    quiet: list[float] = []
    beside: list[float] = []
    load(Order(side.port, [request], rounds.WARM_UP_S))
    for _ in range(ROUNDS):
        quiet.append(_paced(side, request, load, PACED_S).time_ms(0.99))
        before = _sockets(_worker(side))
        with _held(side, request):
            _until(lambda before=before: _sockets(_worker(side)) >= before + SILENT + KEPT)
            beside.append(_paced(side, request, load, PACED_S).time_ms(0.99))
            if (count := _sockets(_worker(side))) < SILENT + KEPT:
                raise SystemExit(f"bench: only {count} connections were held")
        _until(lambda before=before: _sockets(_worker(side)) < before + 100)
        print(f"  p99 {beside[-1]:.1f} ms, quiet {quiet[-1]:.1f} ms", flush=True)
    found = statistics.median(beside) / statistics.median(quiet)
    return Row(
        "edge",
        f"p99 of a page of 20 contacts, {PACED} a second, one worker, {SILENT:,} silent and {KEPT:,} kept connections",
        "the same when all is quiet",
        "≤ 2 ×",
        f"{found:.1f} ({statistics.median(quiet):.1f} ms quiet, {statistics.median(beside):.1f} ms meanwhile)",
    )


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + world.SLOW_S
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("bench: connections were not opened or closed")
        time.sleep(0.1)


def _paced(side: Side, request: bytes, load: Load, seconds: float) -> rounds.Result:
    connections = 16
    order = Order(side.port, [request], seconds, connections, every_s=connections / PACED)
    return rounds.checked(side, load(order))


@contextmanager
def _held(side: Side, request: bytes) -> Generator[None]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        for number in range(KEPT + SILENT):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", side.port), world.SLOW_S))
            if number < KEPT:
                one.sendall(request)
                if not one.recv(12).endswith(b" 200"):
                    raise SystemExit("bench: a connection that is to be kept was refused")
        yield


def _worker(side: Side) -> int:
    return int(Path(f"/proc/{side.pid}/task/{side.pid}/children").read_text().split()[0])


def _sockets(pid: int) -> int:
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(descriptor.readlink()).startswith("socket:")
    return found


# More requests than can be answered


def _overloaded(side: Side, requests: list[bytes], what: str, load: Load, overload: Overload) -> list[Row]:
    load(Order(side.port, requests, rounds.WARM_UP_S))

    def peak_now() -> float:
        return rounds.checked(side, load(Order(side.port, requests, rounds.ROUND_S))).rate

    rows: list[Row] = []
    for patience_s in PATIENCE_S:
        peak = peak_now()
        before = _memory_mb(_worker(side))
        found = overload(open_loop.Order(side.port, requests, TIMES * peak, OVERLOAD_S, patience_s))
        answered = found.statuses.get(200, 0) / OVERLOAD_S
        between = (answered / peak_now(), answered / peak)  # what else the machine does changes it
        more_mb = _memory_mb(_worker(side)) - before
        result = (
            f"{min(between):.2f} to {max(between):.2f}; accepted p99 {found.time_ms(200, 0.99):.0f} ms; "
            f"refused p50 {found.time_ms(503, 0.5):.0f} ms, p99 {found.time_ms(503, 0.99):.0f} ms; "
            f"+{more_mb:.0f} MB; {_normal(side, requests[0], overload)}"
        )
        clients = "that wait" if patience_s is None else f"that leave after {patience_s:g} s"
        print(f"    {clients}: {result}; {found.left} left, load late by {found.late_ms:.0f} ms", flush=True)
        odd = found.statuses.keys() - {200, 503}
        if odd or found.without_retry_after or found.unanswered or (patience_s is None and found.broken):
            raise SystemExit(f"bench: {found.statuses}, {found.broken} broken, {found.unanswered} unanswered")
        rows.append(
            Row(
                "edge",
                f"{what}, {TIMES} × the peak, open loop, clients {clients}: responses 200",
                f"the peak just before and after, {peak:,.0f}/s on 16 connections",
                "≥ 0.8 ×; accepted ≤ 500 ms; refused ≤ 50 ms; ≤ +100 MB; normal ≤ 5 s",
                result,
            )
        )
    return rows


def _refusal(side: Side, unread: Side, requests: list[bytes], what: str, load: Load, overload: Overload) -> Row:
    """Measure what a refusal costs, and may: at 0.8 of the peak a fifth of the worker is left for so many."""
    worker = _worker(side)
    answers_us: list[float] = []
    refusals_us: list[float] = []
    floors_us: list[float] = []
    for _ in range(ROUNDS):
        before = world.cpu_s(worker)
        peak = rounds.checked(side, load(Order(side.port, requests, rounds.ROUND_S)))
        answers_us.append((world.cpu_s(worker) - before) / peak.answers * 1e6)
        order = open_loop.Order(side.port, requests, TIMES * peak.rate, OVERLOAD_S)
        before = world.cpu_s(worker)
        found = overload(order)
        spent_us = (world.cpu_s(worker) - before) * 1e6 - found.statuses.get(200, 0) * answers_us[-1]
        refusals_us.append(spent_us / found.statuses[503])
        order.port = unread.port
        before = world.cpu_s(unread.pid)
        sent = overload(order).statuses[200]
        floors_us.append((world.cpu_s(unread.pid) - before) / sent * 1e6)
    answer, refusal, floor = (statistics.median(each) for each in (answers_us, refusals_us, floors_us))
    return Row(
        "edge",
        f"{what}, {TIMES} × the peak, open loop: processor time of the worker for a refusal",
        f"what 0.8 of the peak leaves for it, of {answer:.0f} µs for an answer",
        f"≤ {answer * (1 - GOOD) / (TIMES - GOOD):.0f} µs",
        f"{refusal:.0f} µs ({min(refusals_us):.0f} to {max(refusals_us):.0f}); "
        f"{floor:.0f} µs where nothing is looked at and the same bytes are sent",
    )


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def _normal(side: Side, request: bytes, overload: Overload) -> str:
    """When all requests of a second are answered again."""
    for second in range(1, NORMAL_S + 1):
        found = overload(open_loop.Order(side.port, [request], PACED, 1.0))
        if found.statuses == {200: PACED}:
            return f"normal in the {second}. second"
    return f"not normal in {NORMAL_S} s"
