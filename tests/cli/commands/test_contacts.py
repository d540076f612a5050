"""`tongdai contacts` as its users have it: a process, on a pipe or a terminal, and a server that runs."""

import asyncio
import csv
import json
import re
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.api import PEPPER
from tests.support.client_faults import engine_stopped, undo_asked
from tests.support.processes import Terminal, spawn
from tests.support.programs import PLAIN, PROGRAM, complaint_of
from tests.support.servers import Server, serving
from tests.support.workbooks import workbook_of
from tongdai.testing import factories
from tongdai.testing.factories import vn_mobile
from tongdai_client import Client, ImportId

MESSY = """\
Số điện thoại,Họ tên,Mã KH
0901000001,Nguyễn Văn A,1
+84 901 000 001,Nguyễn Văn A,2
0901,Trần B,3
,Lê C,4
0901000005,Phạm D,5
12345x,Đỗ E,6
0902,Võ F,7
"""


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data") as server:
            yield server


@dataclass(frozen=True)
class Desk:
    """Somebody with a key, a campaign and a folder."""

    server: Server
    client: Client
    key: str
    campaign_id: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return PLAIN | {"TONGDAI_URL": self.server.url, "TONGDAI_API_KEY": self.key, "TERM": "xterm", "COLUMNS": "110"}

    def command(self, *args: str | Path) -> list[str]:
        return [str(PROGRAM), "contacts", *map(str, args), "--campaign", str(self.campaign_id)]

    def run(self, *args: str | Path, **env: str) -> "subprocess.CompletedProcess[str]":
        return programs.tongdai(*self.command(*args)[1:], environment=self.environment | env)

    def started(self, *args: str | Path) -> "subprocess.Popen[str]":
        return spawn(self.command(*args), self.environment)

    def file(self, content: str = MESSY, name: str = "customers.csv") -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def many(self, rows: int) -> Path:
        return self.file("phoneNumber\n" + "".join(f"{vn_mobile(n)}\n" for n in range(rows)))

    @property
    def contacts(self) -> int:
        return self.client.campaign(self.campaign_id).contact_count


@pytest.fixture
async def desk(server: Server, tmp_path: Path) -> AsyncIterator[Desk]:
    key = await server.key()
    with Client(server.url, key.value) as client:
        yield Desk(server, client, key.value, client.create_campaign("Khảo sát").campaign_id, tmp_path)


@pytest.fixture
def terminal(desk: Desk) -> Iterator[Callable[..., Terminal]]:
    """Terminals that are closed at the end."""
    opened: list[Terminal] = []

    class Closed(Terminal):
        def __init__(self, *args: str | Path) -> None:
            super().__init__(desk.command(*args), desk.environment)
            opened.append(self)

    yield Closed
    for one in opened:
        one.close()


# Importing


def test_every_row_of_a_messy_file_is_accounted_for(desk: Desk) -> None:
    file = desk.file()
    process = desk.run("import", file, "--list", "Tháng 5")
    assert process.returncode == 1, process.stderr
    lines = [line.split("\t") for line in process.stdout.splitlines()]
    assert lines[0] == ["outcome", "reason", "rows"]
    assert ["created", "-", "2"] in lines
    assert ["duplicate", "-", "1"] in lines
    failed = {reason: int(rows) for outcome, reason, rows in lines[1:] if outcome == "failed"}
    assert sum(failed.values()) == 4
    assert failed[next(reason for reason in failed if "too short" in reason)] == 2
    listed = file.with_name("customers.csv.failed.csv")
    assert process.stderr.endswith(f"\ntongdai: 4 of 7 rows failed, listed in {listed}\n")
    assert "Tháng 5" in process.stderr
    with listed.open(newline="", encoding="utf-8-sig") as rows:
        assert [(row["failedRow"], row["Mã KH"]) for row in csv.DictReader(rows)] == [(n, n) for n in "3467"]
    (only,) = desk.client.contact_lists(desk.campaign_id)
    assert (only.name, only.contact_count) == ("Tháng 5", 2)


def test_what_was_detected_and_left_out_is_reported(desk: Desk) -> None:
    file = desk.folder / "khách.xlsx"
    people = [["Họ", "Tên", "Di động", "SĐT"], ["Nguyễn", "An", "0901000001", ""], ["Lê", "Bo", "x", "0901000002"]]
    file.write_bytes(workbook_of({"T4": people, "T5": [["phone"], ["0901000003"]]}))
    process = desk.run("import", file, "--dry-run")
    assert "Read as XLSX, sheet T4, header in row 1, 2 rows.\n" in process.stderr
    assert "Columns: name: Họ, Tên; phoneNumber: Di động (1 row), SĐT (1 row).\n" in process.stderr
    assert "Sheet T5 was not read (2 rows): name it, or ask for all sheets, to read it too.\n" in process.stderr
    for option in (["--all-sheets"], ["--sheet", "T5"]):
        process = desk.run("import", file, *option)
        assert "was not read" not in process.stderr
    assert desk.contacts == 3


def test_an_encoding_in_doubt_is_reported_and_may_be_given(desk: Desk) -> None:
    file = desk.folder / "old.csv"
    file.write_bytes("phone,name\n0901000001,张伟\n0901000002,李娜\n".encode("gbk"))
    assert "The encoding is in doubt. Read as Windows-1258, " in desk.run("import", file, "--dry-run").stderr
    process = desk.run("import", file, "--encoding", "gbk")
    assert "Read as CSV, gbk, separated by comma, header in row 1, 2 rows." in process.stderr
    assert "in doubt" not in process.stderr
    (only,) = desk.client.contact_lists(desk.campaign_id)
    assert [contact.name for contact in desk.client.contacts(desk.campaign_id, only.list_id)] == ["张伟", "李娜"]


def test_a_pipe_gets_plain_lines_of_progress(desk: Desk) -> None:
    process = desk.run("import", desk.many(3000))
    assert process.returncode == 0, process.stderr
    assert "\x1b" not in process.stderr
    assert re.search(r"^Sending customers\.csv: 33\.0 kB of 33\.0 kB$", process.stderr, re.MULTILINE)
    assert re.search(r"^Import \d+: 3,000 of 3,000 rows$", process.stderr, re.MULTILINE)
    assert len(process.stderr.splitlines()) < 30


@pytest.mark.parametrize("name", ["customers.csv", "customers.ndjson"])
def test_mended_file_of_failed_rows_is_imported_like_any_other(desk: Desk, name: str) -> None:
    rows = [("0901000001", "A"), ("0901", "Trần B"), ("0902", "C")]
    lines = [json.dumps({"phoneNumber": number, "name": person}) for number, person in rows]
    content = "phone,name\n" + "".join(f"{','.join(row)}\n" for row in rows) if "csv" in name else "\n".join(lines)
    assert desk.run("import", desk.file(content, name), "--list", "May").returncode == 1
    failed = desk.folder / f"{name}.failed.{name.partition('.')[2]}"
    failed.write_text(failed.read_text("utf-8").replace("0901", "0901000002").replace("0902", "0901000003"))
    process = desk.run("import", failed, "--list", "May")
    assert process.returncode == 0, process.stderr
    (only,) = desk.client.contact_lists(desk.campaign_id)
    found = [(one.name, one.attributes) for one in desk.client.contacts(desk.campaign_id, only.list_id)]
    assert found == [("A", None), ("Trần B", None), ("C", None)]


@pytest.mark.parametrize("option", ["--allow-failed", "--allow-refused"])
def test_failed_rows_that_are_allowed_are_no_failure(desk: Desk, option: str) -> None:
    process = desk.run("import", desk.file(), option)
    assert process.returncode == 0, process.stderr
    assert re.search(r"^Import \d+ into list \d+ \(.+\): 7 rows\.$", process.stderr, re.MULTILINE)
    assert (desk.folder / "customers.csv.failed.csv").exists()


def test_a_single_row_is_one_row(desk: Desk) -> None:
    process = desk.run("import", desk.file("phoneNumber\n0901000001\n"))
    assert re.search(r"^Import (\d+): 1 of 1 row$", process.stderr, re.MULTILINE)
    (job,) = desk.client.import_jobs(desk.campaign_id)
    assert desk.run("undo", str(job.job_id)).stdout == f"Import {job.job_id} is undone: 1 contact removed.\n"


def test_without_failed_rows_there_is_no_file_of_them(desk: Desk) -> None:
    file = desk.many(3)
    process = desk.run("import", file)
    assert process.returncode == 0, process.stderr
    assert process.stdout == "outcome\treason\trows\ncreated\t-\t3\nduplicate\t-\t0\nfailed\t-\t0\n"
    assert list(desk.folder.iterdir()) == [file]


@pytest.mark.parametrize("option", ["--gzip", "--no-gzip"])
def test_failed_rows_go_where_they_are_wanted(desk: Desk, option: str) -> None:
    (desk.folder / "out").mkdir()
    process = desk.run("import", desk.file(), "--failed", desk.folder / "out" / "bad.csv", option)
    assert process.returncode == 1
    assert [path.name for path in (desk.folder / "out").iterdir()] == ["bad.csv"]
    assert not (desk.folder / "customers.csv.failed.csv").exists()


def test_contacts_that_are_there_are_updated_when_asked(desk: Desk) -> None:
    desk.client.add_contact(desk.campaign_id, "0901000001", name="A", attributes={"debt": "5"})
    file = desk.file("phone,name,debt\n0901000001,,7\n0901000002,B,\n")
    process = desk.run("import", file, "--update", "--list", "May")
    assert process.returncode == 0, process.stderr
    expected = "outcome\treason\trows\ncreated\t-\t1\nupdated\t-\t1\nduplicate\t-\t0\nfailed\t-\t0\n"
    assert process.stdout == expected
    (job,) = json.loads(desk.run("jobs", "--json").stdout)
    assert (job["created"], job["updated"], job["duplicate"]) == (1, 1, 0)
    first, *_ = desk.client.contact_lists(desk.campaign_id)
    (contact,) = desk.client.contacts(desk.campaign_id, first.list_id)
    assert (contact.name, contact.attributes) == ("A", {"debt": "7"})


def test_a_dry_run_makes_nothing(desk: Desk) -> None:
    process = desk.run("import", desk.file(), "--dry-run")
    assert process.returncode == 1
    assert "created\t-\t2\n" in process.stdout
    assert "7 rows checked, nothing created" in process.stderr
    assert desk.contacts == 0


def test_a_terminal_sees_bars_and_a_table(desk: Desk, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("import", desk.file(), "--allow-failed")
    assert screen.ended() == 0
    assert re.search(r"Sending customers\.csv\s+━+.+(\d+) bytes of \1 bytes", screen.shown)
    assert re.search(r"Import \d+\s+━+ 7 of 7 rows", screen.shown)
    assert "───" in screen.shown
    assert re.search(r"duplicate +- +1\b", screen.shown)


# Going wrong


def test_what_is_wrong_is_reported_in_a_line(desk: Desk, tmp_path: Path) -> None:
    file = desk.file()
    wrong = desk.run("import", file, TONGDAI_API_KEY="sk_live_wrong")
    assert "does not accept the key" in complaint_of(wrong, 1)
    assert "sk_live_wrong" not in wrong.stderr
    assert "no answer from the server at http://127.0.0.1:1: " in complaint_of(
        desk.run("import", file, TONGDAI_URL="http://127.0.0.1:1"), 1
    )
    elsewhere = subprocess.run(
        [PROGRAM, "contacts", "jobs", "--campaign", str(10**17)],
        check=False,
        env=desk.environment,
        capture_output=True,
        text=True,
    )
    assert f"campaign {10**17} not found; list campaigns with" in complaint_of(elsewhere, 1)
    assert "Import job not found" in complaint_of(desk.run("undo", str(10**17)), 1)
    assert "xlsx" in complaint_of(desk.run("import", desk.file("PK\x03\x04", "broken.xlsx")), 1, progress=True).lower()


def test_wrong_usage_is_reported_before_anything_is_sent(desk: Desk) -> None:
    file = desk.file()
    assert "does not exist" in complaint_of(desk.run("import", desk.folder / "none.csv"), 2)
    assert "unknown format" in complaint_of(desk.run("import", desk.file("x", "notes.txt")), 2)
    assert "--url must begin with" in complaint_of(desk.run("import", file, TONGDAI_URL="127.0.0.1:8080"), 2)
    assert "'x' is no id" in complaint_of(desk.run("undo", "x"), 2)
    assert "--key must consist of printable" in complaint_of(desk.run("jobs", TONGDAI_API_KEY="khóa"), 2)
    assert "cannot be written" in complaint_of(desk.run("import", file, "--failed", "/nowhere/at/all.csv"), 2)
    nobody = subprocess.run(
        desk.command("import", file), check=False, env=PLAIN, capture_output=True, text=True, timeout=60
    )
    assert "Missing option '--key'" in complaint_of(nobody, 2)
    assert desk.contacts == 0


def test_a_stopped_campaign_takes_no_contacts(desk: Desk) -> None:
    desk.client.start_campaign(desk.campaign_id)
    desk.client.stop_campaign(desk.campaign_id)
    assert "takes no contacts" in complaint_of(desk.run("import", desk.file()), 1, progress=True)


def test_a_key_without_the_scope_is_reported_so(desk: Desk) -> None:
    narrow = desk.client.create_api_key(["queue"]).key
    assert "Key does not have scope campaign" in complaint_of(desk.run("jobs", TONGDAI_API_KEY=narrow or ""), 1)


async def test_a_platform_key_names_its_tenant(desk: Desk) -> None:
    async with desk.server.database() as conn:
        platform = await factories.platform_key(conn, PEPPER.encode())
    tenant = str(desk.client.tenant().tenant_id)
    assert desk.run("jobs", "--tenant", tenant, TONGDAI_API_KEY=platform.value).returncode == 0


async def test_an_import_that_fails_as_a_whole_is_code_1(desk: Desk) -> None:
    async with engine_stopped(desk.server):
        command = desk.started("import", desk.file())
        job_id = await_import(command)
        undoing = asyncio.create_task(asyncio.to_thread(desk.client.undo_import, ImportId(desk.campaign_id, job_id)))
        await undo_asked(desk.server, job_id)
    await undoing
    said, complained = await asyncio.to_thread(command.communicate, timeout=60)
    assert command.returncode == 1
    assert f"tongdai: import {job_id} failed as a whole: Stopped and undone" in complained
    assert said.startswith("outcome\treason\trows\n")


def await_import(command: "subprocess.Popen[str]") -> int:
    """The id of the import, once its progress is reported."""
    assert command.stderr is not None
    for line in command.stderr:
        if found := re.match(r"Import (\d+):", line):
            return int(found[1])
    raise AssertionError("no import was reported")


# A campaign that is running


def test_a_running_campaign_is_asked_about(desk: Desk, terminal: Callable[..., Terminal]) -> None:
    desk.client.start_campaign(desk.campaign_id)
    file = desk.file()
    screen = terminal("import", file)
    screen.until(r"is running: new contacts are called at once\. Continue\? \[y/N\]")
    screen.type("n\n")
    assert screen.ended() == 130
    assert desk.contacts == 0
    assert terminal("import", file, "--yes", "--allow-failed").ended() == 0
    assert desk.contacts == 2
    assert desk.run("import", file, "--allow-failed").returncode == 0


# Ctrl-C


def test_ctrl_c_during_the_upload_imports_nothing(desk: Desk, server: Server) -> None:
    file = desk.folder / "customers.csv"
    with file.open("wb") as out:
        out.write(b"phoneNumber,name\n")
        for _ in range(100):
            out.write(b"0901000001,%s\n" % (b"x" * 85) * 20_000)
    command = desk.started("import", file)
    assert command.stderr is not None
    assert "Sending customers.csv: 0 bytes of 194.0 MB" in next(iter(command.stderr))
    command.send_signal(signal.SIGINT)
    _, complained = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "Cancelled: nothing of customers.csv was imported." in complained
    assert list(desk.client.import_jobs(desk.campaign_id)) == []


async def test_ctrl_c_without_a_terminal_leaves_the_import_running(desk: Desk) -> None:
    async with engine_stopped(desk.server):
        command = desk.started("import", desk.file())
        job_id = await_import(command)
        command.send_signal(signal.SIGINT)
        _, complained = await asyncio.to_thread(command.communicate, timeout=60)
    assert command.returncode == 130
    undo = re.search(r"Undo it: tongdai contacts (undo (\d+) --campaign (\d+) --url (\S+))\n", complained)
    assert undo is not None
    assert (int(undo[2]), int(undo[3]), undo[4]) == (job_id, desk.campaign_id, desk.server.url)
    assert desk.client.wait(ImportId(desk.campaign_id, job_id)).created_rows == 2
    undone = desk.run(*undo[1].split())
    assert undone.stdout == f"Import {job_id} is undone: 2 contacts removed.\n"
    assert desk.contacts == 0


@pytest.mark.parametrize(
    ("typed", "said", "left"),
    [("undo\n", r"Import \d+ is undone", 0), ("leave\n", "continues", 2), ("\x04", "continues", 2)],
    ids=["undo", "leave", "no answer"],
)
async def test_ctrl_c_on_a_terminal_asks(
    desk: Desk, terminal: Callable[..., Terminal], typed: str, said: str, left: int
) -> None:
    async with engine_stopped(desk.server):
        screen = terminal("import", desk.file())
        screen.until(r"Import \d+ ")
        screen.type("\x03")
        screen.until(r"Leave import \d+ running, or undo it\? \(leave, undo\) \[leave\]")
    screen.type(typed)
    assert screen.ended() == 130, screen.shown
    assert re.search(said, screen.shown)
    (job,) = desk.client.import_jobs(desk.campaign_id)
    if left:
        desk.client.wait(job)
    assert desk.contacts == left


# Jobs and undoing


def test_jobs_are_listed_and_undone(desk: Desk, terminal: Callable[..., Terminal]) -> None:
    for _ in range(2):
        assert desk.run("import", desk.file(), "--list", "A", "--allow-failed").returncode == 0
    listed = json.loads(desk.run("jobs", "--json").stdout)
    assert [(row["status"], row["rows"], row["created"], row["duplicate"]) for row in listed] == [
        ("done", 7, 0, 3),
        ("done", 7, 2, 1),
    ]
    assert len(desk.run("jobs", "--last", "1").stdout.splitlines()) == 2
    first = str(listed[1]["jobId"])
    screen = terminal("undo", first)
    screen.until(r"created: 2 contacts, as far as they are pending\? \[y/N\]")
    screen.type("n\n")
    assert (screen.ended(), desk.contacts) == (130, 2)
    assert desk.run("undo", first).stdout == f"Import {first} is undone: 2 contacts removed.\n"
    assert desk.contacts == 0
    assert desk.run("jobs").stdout.splitlines()[2].endswith("undone")


# Calling again


async def test_processed_contacts_are_counted_and_called_again(desk: Desk) -> None:
    made = [desk.client.add_contact(desk.campaign_id, vn_mobile(n)).contact_id for n in range(3)]
    async with desk.server.database() as conn:
        for contact_id, outcome in zip(made, ("busy", "busy", "answered"), strict=True):
            await conn.execute("delete from contact_due where contact_id = $1", contact_id)
            await conn.execute(
                "update contact set process_status = 2, call_status = $2 where contact_id = $1", contact_id, outcome
            )
    counted = desk.run("call-again", "--outcome", "busy", "--dry-run")
    assert counted.stdout.splitlines() == ["outcome\tcontacts", "busy\t2", "2 contacts would be called again."]
    refused = desk.run("call-again", "--outcome", "busy")
    assert refused.returncode == 1
    assert "say --yes to call them" in refused.stderr
    called = desk.run("call-again", "--outcome", "busy", "--yes")
    assert called.stdout.splitlines()[-1] == "2 contacts will be called again."
    assert desk.client.contact(desk.campaign_id, made[0]).process_status == 0
    assert desk.client.contact(desk.campaign_id, made[2]).process_status == 2
    called = desk.run("call-again", "--contact", str(made[2]), "--yes")
    assert called.stdout.splitlines()[-1] == "1 contact will be called again."
    nobody = desk.run("call-again")
    assert nobody.returncode == 2
    assert "Nothing chosen" in nobody.stderr
