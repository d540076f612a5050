"""`python -m bench [NAME …]`: measure, print, rewrite docs/benchmarks.md. Smaller runs are printed only."""

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench import (
    acd,
    again,
    before,
    claim,
    client,
    consoles,
    deep,
    edge,
    imports,
    numbers,
    pacing,
    page,
    paint,
    post,
    report,
    start,
    world,
)
from bench.world import Sizes

BENCHMARKS = {
    "page": page,
    "client": client,
    "post": post,
    "start": start,
    "numbers": numbers,
    "import": imports,
    "again": again,
    "deep": deep,
    "claim": claim,
    "before": before,
    "edge": edge,
    "consoles": consoles,
    "paint": paint,
    "pacing": pacing,
    "acd": acd,
}
MOST_ROUNDS = 10
"""Each takes numbers of its own, and there are people.PARTS of them."""


def main() -> None:
    names, sizes = _arguments()
    began = time.monotonic()
    print(f"{report.machine()}; load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}", flush=True)
    rows: list[report.Row] = []
    with tempfile.TemporaryDirectory(prefix="tongdai-bench-", ignore_cleanup_errors=True) as folder:
        logs = Path(folder, "logs")
        logs.mkdir()
        on = world.made(Path(folder, "data"), sizes)
        for name in names:
            module = BENCHMARKS[name]
            print(f"\n{name}: {(module.__doc__ or '').strip()}", flush=True)
            measured = module.run(on, logs)
            for row in measured:
                target = f"   target {row.target}" if row.target else ""
                print(f"  {row.what}, against {row.against}: {row.result}{target}", flush=True)
            rows += measured
    if sizes == Sizes():
        report.write(rows, list(BENCHMARKS))
    where = f"written to {report.FILE}" if sizes == Sizes() else "of another size than is written down"
    print(f"\n{time.monotonic() - began:.0f} s; {where}")


def _arguments() -> tuple[list[str], Sizes]:
    listed = "\n".join(f"  {name:8} {(module.__doc__ or '').strip()}" for name, module in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Tongdai side by side with what it is compared to.",
        epilog=f"benchmarks:\n{listed}\n\nThe rows measured are rewritten in docs/benchmarks.md, others are left.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all without one")
    usual = Sizes()
    parser.add_argument("--rows", type=int, default=usual.rows, help=f"of the files imported; {usual.rows:,}")
    parser.add_argument("--held", type=int, default=usual.held, help=f"contacts of a large campaign; {usual.held:,}")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help=f"of imports; {usual.rounds}")
    given = parser.parse_args()
    names: list[str] = given.names
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {min(unknown)}: expected {', '.join(BENCHMARKS)}")
    if not (imports.ORM_SHARE <= given.rows <= usual.held and 0 < given.held <= 2 * usual.held):
        parser.error(f"--rows must be {imports.ORM_SHARE} to {usual.held:,}, --held 1 to {2 * usual.held:,}")
    if not 0 < given.rounds <= MOST_ROUNDS:
        parser.error(f"--rounds must be 1 to {MOST_ROUNDS}")
    sizes = Sizes(given.rows, given.held, given.rounds)
    return [name for name in BENCHMARKS if name in names or not names], sizes


if __name__ == "__main__":
    main()
