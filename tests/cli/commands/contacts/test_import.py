"""`tongdai contacts import` as its users have it: a process, on a pipe or a terminal, and a server that runs."""

import csv
import json
import re
from collections.abc import Callable

import pytest

from tests.support.contacts_command import Desk
from tests.support.processes import Terminal
from tests.support.workbooks import workbook_of


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
def test_corrected_file_of_failed_rows_is_imported_like_any_other(desk: Desk, name: str) -> None:
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
    assert desk.run("undo", str(job.job_id), "--yes").stdout == f"Import {job.job_id} is undone: 1 contact removed.\n"


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


def test_a_running_campaign_is_asked_about(desk: Desk, terminal: Callable[..., Terminal]) -> None:
    desk.client.start_campaign(desk.campaign_id)
    file = desk.file()
    screen = terminal("import", file)
    screen.until(r"is running: new contacts are called at once\. Continue\? \[y/N\]")
    screen.type("n\n")
    assert screen.ended() == 130
    assert desk.contacts == 0
    refused = desk.run("import", file)
    assert refused.returncode == 1
    assert "is running: new contacts are called at once. Say --yes to import all the same" in refused.stderr
    assert desk.contacts == 0
    assert desk.run("import", file, "--dry-run", "--allow-failed").returncode == 0
    assert terminal("import", file, "--yes", "--allow-failed").ended() == 0
    assert desk.contacts == 2
    assert desk.run("import", file, "--allow-failed", "--yes").returncode == 0
