"""The outcome of an import, for a person: a table, the file of failed rows, and how the file was read."""

import csv
import json
from collections import Counter
from pathlib import Path

import click

from tongdai.cli import detected
from tongdai.cli.invocation import invocation
from tongdai.cli.tables import counted, show
from tongdai_client import Client, ImportJob


def report(client: Client, job: ImportJob, failed_path: Path, updates: bool) -> bool:
    """Show the outcomes as a table; write the failed rows, and return whether there is a file of them now."""
    reasons = Counter[str]()
    if job.failed_rows:
        try:
            reasons = _reasons(client.save_failed_rows(job, failed_path))
        except OSError as error:
            click.echo(f"The failed rows cannot be written to {failed_path}: {error.strerror}", err=True)
    rows: list[dict[str, object]] = [
        {"outcome": "created", "reason": None, "rows": job.created_rows},
        *([{"outcome": "updated", "reason": None, "rows": job.updated_rows}] if updates else []),
        {"outcome": "duplicate", "reason": None, "rows": job.duplicate_rows},
        *({"outcome": "failed", "reason": reason, "rows": count} for reason, count in reasons.most_common()),
    ]
    if not reasons:
        rows.append({"outcome": "failed", "reason": None, "rows": job.failed_rows})
    show(["outcome", "reason", "rows"], rows, as_json=False)
    click.echo(_where(job), err=True)
    for line in detected.lines(job.detected, _remedy(job), "; --skip-hidden leaves them out"):
        click.echo(line, err=True)
    return bool(reasons)


def _remedy(job: ImportJob) -> str:
    """The remedy for text that was read in a wrong encoding."""
    if job.dry_run:
        return "give --encoding NAME, such as vni, cp1252 or gbk"
    again = "import the file again with --encoding NAME, such as vni, cp1252 or gbk, and --update"
    return f"{again}, or undo it first: {invocation()} contacts undo {job.job_id} --campaign {job.campaign_id}"


def _where(job: ImportJob) -> str:
    if job.dry_run:
        return f"Dry run {job.job_id}: {counted(job.total_rows, 'row')} checked, nothing created."
    return f"Import {job.job_id} into list {job.list_id} ({job.list_name}): {counted(job.total_rows, 'row')}."


def _reasons(failed: Path) -> Counter[str]:
    """Number of failed rows by reason code, with the message of the first such row."""
    words: dict[str, str] = {}
    counts = Counter[str]()
    with failed.open(newline="", encoding="utf-8-sig") as file:
        as_json = file.read(1) == "{"
        file.seek(0)
        for row in map(json.loads, file) if as_json else csv.DictReader(file):
            words.setdefault(row["failedCode"], row["failedReason"])
            counts[row["failedCode"]] += 1
    return Counter({words[code]: count for code, count in counts.items()})
