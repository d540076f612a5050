"""`python -m bench [NAME …]`: measure, print, rewrite docs/benchmarks.md."""

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench import client, imports, page, post, report, start, world

BENCHMARKS = {"page": page, "client": client, "post": post, "start": start, "import": imports}


def main() -> None:
    names = _arguments()
    began = time.monotonic()
    print(f"{report.machine()}; load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}", flush=True)
    rows: list[report.Row] = []
    with tempfile.TemporaryDirectory(prefix="tongdai-bench-", ignore_cleanup_errors=True) as folder:
        logs = Path(folder, "logs")
        logs.mkdir()
        on = world.made(Path(folder, "data"))
        for name in names:
            module = BENCHMARKS[name]
            print(f"\n{name}: {(module.__doc__ or '').strip()}", flush=True)
            measured = module.run(on, logs)
            for row in measured:
                target = f"   target {row.target}" if row.target else ""
                print(f"  {row.what}, against {row.against}: {row.result}{target}", flush=True)
            rows += measured
    report.write(rows, list(BENCHMARKS))
    print(f"\n{time.monotonic() - began:.0f} s; written to {report.FILE}")


def _arguments() -> list[str]:
    listed = "\n".join(f"  {name:8} {(module.__doc__ or '').strip()}" for name, module in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Tongdai side by side with what it is compared to.",
        epilog=f"benchmarks:\n{listed}\n\nThe rows measured are rewritten in docs/benchmarks.md, others are left.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all without one")
    names: list[str] = parser.parse_args().names
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {min(unknown)}: expected {', '.join(BENCHMARKS)}")
    return [name for name in BENCHMARKS if name in names or not names]


if __name__ == "__main__":
    main()
