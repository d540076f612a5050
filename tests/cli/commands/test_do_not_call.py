"""`tongdai dnc` as its users have it: a process, and a server that runs."""

import csv
import io
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tests.support.workbooks import workbook
from tongdai.testing.factories import vn_mobile
from tongdai_client import Client


@dataclass(frozen=True)
class Desk:
    """Somebody with a key and a folder."""

    client: Client
    environment: dict[str, str]
    folder: Path

    def run(self, *args: str | Path, code: int = 0) -> "subprocess.CompletedProcess[str]":
        process = programs.tongdai("dnc", *map(str, args), environment=self.environment)
        assert process.returncode == code, process.stderr
        assert "Traceback" not in process.stderr
        return process

    def file(self, content: str) -> Path:
        path = self.folder / "numbers.csv"
        path.write_text(content)
        return path

    def listed(self, dnc_list_id: int) -> list[str]:
        return [one.phone_number for one in self.client.dnc_numbers(dnc_list_id)]


@pytest.fixture
async def desk(server: Server, tmp_path: Path) -> AsyncIterator[Desk]:
    key = await server.key()
    environment = PLAIN | {"TONGDAI_URL": server.url, "TONGDAI_API_KEY": key.value}
    with Client(server.url, key.value) as client:
        yield Desk(client, environment, tmp_path)


def test_list_is_made_shown_and_filled_by_hand(desk: Desk) -> None:
    campaign_id = desk.client.create_campaign("A").campaign_id
    created = [desk.run("create", "Everywhere"), desk.run("create", "Here", "--campaign", str(campaign_id))]
    rows = [line.split("\t") for line in desk.run("list").stdout.splitlines()]
    assert rows[0] == ["dncListId", "name", "campaignId", "entryCount", "createdAt"]
    assert [process.stdout for process in created] == [f"{row[0]}\n" for row in rows[1:]]
    assert [row[1:4] for row in rows[1:]] == [["Everywhere", "-", "0"], ["Here", str(campaign_id), "0"]]
    dnc_list_id = int(rows[1][0])
    until = "2999-01-31T17:00:00+07:00"
    said = desk.run("add", "0901 234 567", "--list", str(dnc_list_id), "--reason", "Asked", "--until", until).stdout
    assert said == f"0901 234 567 added to do-not-call list {dnc_list_id}.\n"
    assert "updated in" in desk.run("add", "+84901234567", "--list", str(dnc_list_id)).stdout
    assert desk.listed(dnc_list_id) == ["0901234567"]
    desk.run("remove", "0901234567", "--list", str(dnc_list_id))
    assert desk.listed(dnc_list_id) == []


def test_file_goes_in_by_pieces_and_comes_out_again(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    numbers = [vn_mobile(n) for n in range(12_000)]
    rows = [*numbers[:10_500], "0901", *numbers[10_500:]]
    reported = desk.run(
        "import",
        desk.file("Lý do;SĐT\n" + "".join(f"A;{row}\n" for row in rows)),
        "--list",
        str(dnc_list_id),
        code=1,
    )
    assert reported.stdout.splitlines() == [
        "12000 added, 0 updated, 1 failed",
        "row\tphoneNumber\treason",
        "10501\t0901\tphoneNumber is too short for a phone number",
    ]
    assert reported.stderr.splitlines() == [
        "10,000 rows sent: 10,000 added, 0 updated, 0 failed",
        "Read as CSV, UTF-8, separated by semicolon, header in row 1, 12,001 rows.",
        "Columns: reason: Lý do; phoneNumber: SĐT.",
        f"tongdai: 1 row is not listed and may be called: {desk.folder / 'numbers.csv.failed.csv'} has them",
    ]
    assert desk.listed(dnc_list_id) == numbers
    exported = desk.run("export", str(dnc_list_id)).stdout
    found = list(csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"))))
    assert [row["phoneNumber"] for row in found] == numbers
    assert {row["reason"] for row in found} == {"A"}
    target = desk.folder / "out.csv"
    desk.run("export", str(dnc_list_id), "--to", target)
    assert list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"), newline=""))) == found


def test_rows_that_cannot_be_read_go_to_a_file_that_can_be_imported_once_corrected(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    file = desk.file("note,SĐT,Hết hạn\nA,0901234567,soon\nB,,\nC,0901,31/12/2999\nD,0901234568,31/12/2001\n")
    failed = desk.folder / "failed.csv"
    reported = desk.run("import", file, "--list", str(dnc_list_id), "--failed", failed, code=1)
    assert reported.stdout.splitlines()[0] == "1 added, 0 updated, 3 failed, 1 with warnings"
    assert [line.split("\t")[:2] for line in reported.stdout.splitlines()[2:]] == [
        ["2", "-"],
        ["3", "0901"],
        ["4", "0901234568"],
    ]
    assert "row 1, 0901234567: expiresAt soon cannot be read: listed without end" in reported.stderr
    assert reported.stderr.splitlines()[-1] == f"tongdai: 3 rows are not listed and may be called: {failed} has them"
    rows = list(csv.DictReader(io.StringIO(failed.read_text("utf-8-sig"), newline="")))
    assert [list(row.values())[:3] for row in rows] == [
        ["B", "", ""],
        ["C", "0901", "31/12/2999"],
        ["D", "0901234568", "31/12/2001"],
    ]
    assert list(rows[0]) == ["note", "SĐT", "Hết hạn", "failedRow", "failedReason"]
    assert [row["failedRow"] for row in rows] == ["2", "3", "4"]
    assert [row["failedReason"].split()[0] for row in rows] == ["phoneNumber", "phoneNumber", "expiresAt"]
    desk.run("import", failed, "--list", str(dnc_list_id), "--failed", failed, code=1)
    again = csv.DictReader(io.StringIO(failed.read_text("utf-8-sig"), newline=""))
    assert again.fieldnames == list(rows[0])
    corrected = failed.read_text("utf-8-sig").replace(",0901,", ",0901234569,").replace("2001", "2999")
    failed.write_text(corrected.replace("B,,", "B,0901234560,"))
    desk.run("import", failed, "--list", str(dnc_list_id))
    assert desk.listed(dnc_list_id) == ["0901234560", "0901234567", "0901234568", "0901234569"]


def test_failed_rows_that_are_allowed_are_no_failure(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    file = desk.file("phoneNumber\n0901234567\n0901\n")
    reported = desk.run("import", file, "--list", str(dnc_list_id), "--allow-failed")
    assert reported.stdout.startswith("1 added, 0 updated, 1 failed\n")
    assert desk.listed(dnc_list_id) == ["0901234567"]
    assert (desk.folder / "numbers.csv.failed.csv").exists()


def test_file_may_be_a_workbook_or_have_no_header_or_another_character_set(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    book = desk.folder / "numbers.xlsx"
    book.write_bytes(workbook(("Hết hạn", "SĐT"), (date(2999, 12, 31), 901234567)))
    desk.run("import", book, "--list", str(dnc_list_id))
    registry = desk.folder / "registry.txt"
    registry.write_text("212,5550199\n310,5550188\n")
    desk.run("import", registry, "--list", str(dnc_list_id))
    windows = desk.folder / "windows.csv"
    windows.write_bytes("Sô\u0301 điê\u0323n thoa\u0323i;Ly\u0301 do\n0901234568;không go\u0323i\n".encode("cp1258"))
    desk.run("import", windows, "--list", str(dnc_list_id))
    listed = {one.phone_number: one for one in desk.client.dnc_numbers(dnc_list_id)}
    assert {"0901234567", "0901234568", "+12125550199", "+13105550188"} <= listed.keys()
    assert listed["0901234568"].reason == "không gọi"
    assert listed["0901234567"].expires_at == datetime(3000, 1, 1, tzinfo=UTC)


def test_file_is_of_lines_of_json_by_its_ending(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    lines = desk.folder / "numbers.ndjson"
    lines.write_text('"0901234567"\n{"phoneNumber": "0901234568", "reason": "A"}\n')
    said = desk.run("import", lines, "--list", str(dnc_list_id))
    assert said.stderr.splitlines()[0] == "Read as NDJSON, 2 rows."
    assert desk.listed(dnc_list_id) == ["0901234567", "0901234568"]


def test_file_of_json_is_read_and_what_was_read_as_what_is_printed(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    lines = desk.folder / "numbers.ndjson"
    lines.write_text('{"phoneNumber": "0901234567", "until": "06/05/2999"}\n{"phoneNumber": "0901234568"}\n')
    said = desk.run("import", lines, "--list", str(dnc_list_id))
    assert said.stdout == "2 added, 0 updated, 0 failed\n"
    assert said.stderr.splitlines()[:2] == [
        "Read as NDJSON, 2 rows.",
        "Columns: phoneNumber: phoneNumber; expiresAt: until.",
    ]
    assert "06/05/2999 is read as 2999-06-05, the later one of both days" in said.stderr
    whole = desk.folder / "numbers.json"
    whole.write_text('{"numbers": [{"phoneNumber": "0901234569"}]}')
    desk.run("import", whole, "--list", str(dnc_list_id))
    assert desk.listed(dnc_list_id) == ["0901234567", "0901234568", "0901234569"]


def test_file_of_two_countries_and_of_columns_that_are_not_read_says_so(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    said = desk.run("import", desk.file("212,5551234\n"), "--list", str(dnc_list_id)).stderr
    assert "those that may also be numbers of VN are listed as both." in said
    said = desk.run("import", desk.file("SĐT,Zalo\n0901234567,0907654321\n"), "--list", str(dnc_list_id)).stderr
    assert "Column Zalo was not read, and 1 cell of it looks like a phone number" in said


def test_number_is_listed_until_a_day_ends(desk: Desk) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    for number, until in (("0901234567", "2999-12-31"), ("0901234568", "31/12/2999")):
        desk.run("add", number, "--list", str(dnc_list_id), "--until", until)
    assert [one.expires_at for one in desk.client.dnc_numbers(dnc_list_id)] == [datetime(3000, 1, 1, tzinfo=UTC)] * 2


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ("add 12 --list {list}", 1, "phoneNumber is too short for a phone number"),
        ("add 0901234567 --list 999999", 1, "Do-not-call list not found"),
        ("add 0901234567 --list {list} --until tomorrow", 2, "'tomorrow' is no instant"),
        ("add 0901234567 --list {list} --until 2001-01-01T00:00:00Z", 1, "expiresAt must be an instant to come"),
        ("add 0901234567 --list {list} --until 06/05/2999", 2, "'06/05/2999' may be two days"),
        ("remove 0901234567 --list {list}", 1, "Number not found"),
        ("import {header} --list {list}", 1, "The file has no rows below its header row"),
        ("import {header} --list {list} --allow-failed", 1, "The file has no rows below its header row"),
        ("import {header} --list {list} --encoding latin99", 1, "encoding is latin99: expected one of"),
        ("create A", 1, "name 'A' is another do-not-call list's already"),
        ("export 999999", 1, "Do-not-call list not found"),
        ("import {file} --list {list}", 1, "No column is named phoneNumber"),
        ("list --key sk_live_wrong", 1, "does not accept the key"),
    ],
)
def test_what_cannot_be_done_is_reported_in_a_line(desk: Desk, args: str, code: int, message: str) -> None:
    dnc_list_id = desk.client.create_dnc_list("A").dnc_list_id
    file = desk.file("id,note\n1,2\n")
    header = desk.folder / "header.csv"
    header.write_text("phoneNumber,reason\n")
    given = {"list": dnc_list_id, "file": file, "header": header}
    process = desk.run(*(arg.format(**given) for arg in args.split()), code=code)
    assert process.stdout == ""
    line = process.stderr.splitlines()[-1]
    assert line.startswith("tongdai: ")
    assert message in line
    assert desk.listed(dnc_list_id) == []
