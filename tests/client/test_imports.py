"""Imports by both clients on a running server: sent, watched, read row by row, undone."""

import asyncio
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tongdai_client as sdk
from tests.client.conftest import SOON, Caller, all_of, done
from tests.support.client_faults import LOSE_ANSWER, NO_CONNECTION, PASS, Fault, engine_stopped, undo_asked
from tests.support.contact_files import as_csv, big
from tests.support.servers import Server
from tests.support.workbooks import workbook
from tongdai_client import ImportId, ImportOutcome, NewContact
from tongdai_client.upload import CHUNK_SIZE

NO_STREAM = Fault(refuse=404, body=b"no such path here")
CUT_STREAM = Fault(refuse=200, headers={"Content-Type": "text/event-stream"}, body=b": hello\n\n")
PAGE = Fault(refuse=200, headers={"Content-Type": "text/html"}, body=b"<html>")

ROWS = [
    {"phoneNumber": "0901000001", "name": "KH 1", "externalId": "a"},
    {"phoneNumber": "+84 901 000 001", "name": "KH 1 again", "externalId": "b"},
    {"phoneNumber": "0901", "name": "KH 2", "externalId": "c"},
    {"phoneNumber": "0901000003", "name": "KH 3", "externalId": "d"},
]


async def count_of(caller: Caller, campaign_id: int) -> int:
    return (await done(caller.client.campaign(campaign_id))).contact_count


async def imported(caller: Caller, rows: Any = ROWS, **options: Any) -> Any:
    """An import that has ended, in a campaign of its own."""
    campaign_id = await caller.campaign()
    return await done(caller.client.wait(await done(caller.client.import_contacts(campaign_id, rows, **options))))


# Sending


async def test_contacts_from_memory(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    given = [NewContact("0901000001", "KH 1", "a", {"tier": 1}), {"phoneNumber": "0901000002", "name": "KH 2"}]
    started = await done(client.import_contacts(campaign_id, iter(given), list_name="May"))
    assert (started.campaign_id, started.total_rows, started.message) == (campaign_id, 2, "Bulk import started")
    job = await done(client.wait(started))
    assert (job.campaign_id, job.job_id, job.status, job.list_name) == (campaign_id, started.job_id, "done", "May")
    assert (job.total_rows, job.processed_rows, job.created_rows) == (2, 2, 2)
    assert job.ended
    contacts = await all_of(client.contacts(campaign_id, job.list_id))
    assert [(c.name, c.external_id, c.attributes) for c in contacts] == [
        ("KH 1", "a", {"tier": 1}),
        ("KH 2", None, None),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv(ROWS)),
        ("a.tsv", as_csv(ROWS, "\t")),
        ("a.ndjson", b"".join(msgspec.json.encode(row) + b"\n" for row in ROWS)),
        ("a.jsonl", b"\n".join(map(msgspec.json.encode, ROWS))),
        ("a.json", json.dumps({"contacts": ROWS}).encode()),
        ("a.xlsx", workbook(list(ROWS[0]), *(list(row.values()) for row in ROWS))),
        ("a.csv.gz", gzip.compress(as_csv(ROWS), mtime=0)),
    ],
)
@pytest.mark.parametrize("compress", [True, False])
async def test_files(caller: Caller, tmp_path: Path, name: str, content: bytes, compress: bool) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    (tmp_path / name).write_bytes(content)
    started = await done(client.import_file(campaign_id, tmp_path / name, list_name="Tháng 5", compress=compress))
    job = await done(client.wait(started))
    assert (job.status, job.list_name) == ("done", "Tháng 5")
    assert (job.created_rows, job.duplicate_rows, job.failed_rows) == (2, 1, 1)


async def test_a_dry_run_counts_and_creates_nothing(caller: Caller, tmp_path: Path) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    (tmp_path / "a.csv").write_bytes(as_csv(ROWS))
    for started in (
        await done(client.import_file(campaign_id, tmp_path / "a.csv", dry_run=True)),
        await done(client.import_contacts(campaign_id, ROWS, dry_run=True)),
    ):
        job = await done(client.wait(started))
        assert (job.dry_run, job.created_rows, job.duplicate_rows, job.failed_rows) == (True, 2, 1, 1)
    assert await count_of(caller, campaign_id) == 0
    assert await done(client.contact_lists(campaign_id)) == []


async def test_unreadable_file_is_reported(caller: Caller, tmp_path: Path) -> None:
    campaign_id = await caller.campaign()
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 but no workbook")
    with pytest.raises(sdk.InvalidInput):
        await done(caller.client.import_file(campaign_id, tmp_path / "a.xlsx"))
    assert await all_of(caller.client.import_jobs(campaign_id)) == []


# Faults of the network


@pytest.mark.parametrize("compress", [True, False])
async def test_a_broken_upload_is_retried_and_imported_once(caller: Caller, tmp_path: Path, compress: bool) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    file = big(tmp_path / "a.csv", 12_000)
    assert file.stat().st_size > 2 * CHUNK_SIZE
    sent: list[int] = []
    caller.plan.faults = [Fault(break_after=1), NO_CONNECTION, LOSE_ANSWER]
    started = await done(
        client.import_file(campaign_id, file, compress=compress, progress=lambda done, _: sent.append(done))
    )
    assert started.total_rows == 12_000
    assert [job.job_id for job in await all_of(client.import_jobs(campaign_id))] == [started.job_id]
    assert sent.count(0) == 3
    assert sent[-1] == file.stat().st_size
    posts = [request for request in caller.plan.requests if request.url.path.endswith("/bulk")]
    assert len({request.headers["idempotency-key"] for request in posts}) == 1
    job = await done(client.wait(started))
    assert (job.created_rows, await count_of(caller, campaign_id)) == (12_000, 12_000)


async def test_a_file_truncated_during_its_upload_imports_nothing(caller: Caller, tmp_path: Path) -> None:
    campaign_id = await caller.campaign()
    file = big(tmp_path / "a.csv", 12_000)

    def truncate(sent: int, _: int) -> None:
        if sent == CHUNK_SIZE:
            file.write_bytes(b"")

    with pytest.raises(sdk.FileChanged):
        await done(caller.client.import_file(campaign_id, file, progress=truncate))
    assert await all_of(caller.client.import_jobs(campaign_id)) == []


@pytest.mark.parametrize(
    "streams",
    [
        [],
        [NO_STREAM],
        [NO_CONNECTION],
        [Fault(refuse=503)],
        [CUT_STREAM],
        [PAGE],
        [LOSE_ANSWER],
        [CUT_STREAM, PASS, NO_STREAM, PASS, NO_CONNECTION],
    ],
    ids=["stream", "none", "broken", "overload", "cut", "page", "lost", "one after another"],
)
async def test_wait_falls_back_to_polling_without_an_event_stream(caller: Caller, streams: list[Fault]) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    started = await done(client.import_contacts(campaign_id, ROWS))
    caller.plan.faults = [*streams]
    caller.plan.requests.clear()
    seen: list[sdk.ImportJob] = []
    job = await done(client.wait(started, progress=seen.append))
    assert (job.status, seen[-1]) == ("done", job)
    assert [state.processed_rows for state in seen] == sorted(state.processed_rows for state in seen)
    polled = [request for request in caller.plan.requests if not request.url.path.endswith("/events")]
    assert bool(polled) == bool(streams)


async def test_an_import_is_watched_to_its_end(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    started = await done(client.import_contacts(campaign_id, ROWS))
    states = await all_of(client.watch(started))
    assert [state.ended for state in states] == [False] * (len(states) - 1) + [True]
    assert {state.campaign_id for state in states} == {campaign_id}
    assert await all_of(client.watch(ImportId(campaign_id, started.job_id))) == states[-1:]


async def test_watching_may_be_abandoned(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    started = await done(client.import_contacts(campaign_id, ROWS))
    states = client.watch(started)
    assert (await anext(states) if hasattr(states, "__anext__") else next(states)).job_id == started.job_id
    await done(states.aclose() if hasattr(states, "aclose") else states.close())
    assert (await done(client.wait(started))).status == "done"


async def test_wait_ends_at_its_timeout(caller: Caller, server: Server) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    async with engine_stopped(server):
        started = await done(client.import_contacts(campaign_id, ROWS))
        for seconds in (0, 0.3):
            with pytest.raises(sdk.WaitTimeout, match=f"Import {started.job_id} is still pending: 0 of 4") as ended:
                await done(client.wait(started, timeout=seconds))
            assert (ended.value.job.job_id, ended.value.job.campaign_id) == (started.job_id, campaign_id)
    assert (await done(client.wait(started, timeout=60))).created_rows == 2


async def test_waiting_for_an_unknown_import_is_not_found(caller: Caller) -> None:
    campaign_id = await caller.campaign()
    with pytest.raises(sdk.NotFound, match="Import job not found"):
        await done(caller.client.wait(ImportId(campaign_id, 10**15)))


# Rows


async def test_every_row_is_accounted_for(caller: Caller) -> None:
    client, job = caller.client, await imported(caller)
    rows = await all_of(client.import_rows(job, page_size=3))
    assert [(row.row, row.external_id, row.outcome, row.reason_code) for row in rows] == [
        (1, "a", "created", None),
        (2, "b", "duplicate", "repeated"),
        (3, "c", "failed", "too_short"),
        (4, "d", "created", None),
    ]
    assert rows[1].contact_id == rows[0].contact_id != rows[3].contact_id
    assert (rows[2].contact_id, rows[2].phone_number) == (None, "0901")
    assert "too short" in rows[2].reason
    for outcome in ImportOutcome:
        assert await all_of(client.import_rows(job, outcome=outcome)) == [r for r in rows if r.outcome == outcome]
    assert await done(client.import_rows(job).total()) == 4


async def test_rows_are_saved_as_csv(caller: Caller, tmp_path: Path) -> None:
    client, job = caller.client, await imported(caller)
    path = await done(client.save_rows_csv(job, tmp_path / "rows.csv"))
    with path.open(newline="", encoding="utf-8-sig") as file:
        saved = list(csv.DictReader(file))
    assert [row["outcome"] for row in saved] == ["created", "duplicate", "failed", "created"]
    caller.plan.faults = [NO_CONNECTION, LOSE_ANSWER, Fault(refuse=503)]
    await done(client.save_rows_csv(job, str(path), outcome="failed"))
    with path.open(newline="", encoding="utf-8-sig") as file:
        (refused,) = csv.DictReader(file)
    assert (refused["row"], refused["phoneNumber"], refused["reasonCode"]) == ("3", "0901", "too_short")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "faults", [[NO_CONNECTION] * SOON.tries, [Fault(refuse=200, headers={"Content-Type": "text/html"})]]
)
async def test_a_file_that_is_not_whole_replaces_nothing(caller: Caller, tmp_path: Path, faults: list[Fault]) -> None:
    job = await imported(caller)
    (tmp_path / "rows.csv").write_text("before")
    caller.plan.faults = [*faults]
    with pytest.raises(sdk.TongdaiError):
        await done(caller.client.save_rows_csv(job, tmp_path / "rows.csv"))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("rows.csv", "before")]


# Undoing


async def test_undo_removes_the_pending_contacts(caller: Caller) -> None:
    client, job = caller.client, await imported(caller)
    assert await count_of(caller, job.campaign_id) == 2
    undone = await done(client.undo_import(job))
    assert (undone.job_id, undone.removed_rows, undone.undone) == (job.job_id, 2, True)
    assert await count_of(caller, job.campaign_id) == 0
    same = [await done(client.import_job(ImportId(job.campaign_id, job.job_id))), await done(client.import_job(job))]
    assert same == [await done(client.import_job(job.campaign_id, job.job_id))] * 2
    with pytest.raises(TypeError, match="takes an ImportId"):
        await done(client.import_job(job.campaign_id))
    again = await done(client.undo_import(ImportId(job.campaign_id, job.job_id)))
    assert (again.removed_rows, again.undone) == (2, True)
    (listed,) = await all_of(client.import_jobs(job.campaign_id))
    assert (listed.status, listed.removed_rows, listed.created_rows) == ("done", 2, 2)
    assert listed.undone_at is not None


async def test_an_import_that_is_stopped_has_failed(caller: Caller, server: Server, kind: str) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    async with engine_stopped(server):
        started = await done(client.import_contacts(campaign_id, ROWS))
        blocking = asyncio.to_thread(client.undo_import, started) if kind == "blocking" else client.undo_import(started)
        undoing = asyncio.ensure_future(blocking)
        await undo_asked(server, started.job_id)
    undone = await undoing
    assert (undone.undone, undone.removed_rows) == (True, 0)
    with pytest.raises(sdk.ImportFailed, match="Stopped and undone") as failed:
        await done(client.wait(started))
    assert (failed.value.job.status, failed.value.job.campaign_id) == ("failed", campaign_id)
    assert await count_of(caller, campaign_id) == 0


async def test_jobs_are_listed_newest_first(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    ids = [(await done(client.import_contacts(campaign_id, ROWS[:1]))).job_id for _ in range(3)]
    assert [job.job_id for job in await all_of(client.import_jobs(campaign_id, page_size=2))] == ids[::-1]
    page = await done(client.import_jobs(campaign_id).page(0))
    assert {job.campaign_id for job in page.data} == {campaign_id}
