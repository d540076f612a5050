"""Files of do-not-call numbers over the API: what is read of them, and what is reported."""

import csv
import threading
from datetime import date, datetime

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.do_not_call import LATER, PAST, add, check, counts, made, numbers
from tests.support.workbooks import workbook, workbook_of
from tongdai.do_not_call import store
from tongdai.files import media_type
from tongdai.tenants import store as tenants
from tongdai.testing import factories
from tongdai.testing.factories import vn_mobile

HEADER_ONLY = "The file has no rows below its header row: expected numbers"
NO_NUMBERS = (
    "No column is named phoneNumber, phone, số điện thoại or the like: the header row has id, note. "
    "Rename the heading of the phone numbers to phoneNumber"
)
EMPTY = "The file is empty, or its first 1,000 rows are: expected a header row and numbers"


async def add_csv(tenant, dnc_list_id, text, kind="text/csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", content=content, headers={"content-type": kind})


@pytest.mark.parametrize(
    "text",
    [
        "phoneNumber,reason,expiresAt\n0901234567,A,2999-01-31T17:00:00Z\n",
        "\ufeffphoneNumber,reason,expiresAt\r\n0901234567,A,2999-01-31T17:00:00Z\r\n",
        "Ghi chú;Hết hạn;LÝ DO;Số điện thoại\nx;2999-02-01T00:00:00+07:00;A;0901 234 567\n",
        'expires_at\tReason\tSĐT\n2999-01-31T17:00:00Z\t"A"\t="0901234567"\n\n',
    ],
)
async def test_file_names_its_columns_in_any_order_and_case(tenant, text):
    dnc_list_id = await made(tenant)
    response = await add_csv(tenant, dnc_list_id, text, "text/csv; charset=UTF-8")
    assert (response.status_code, counts(response.json())) == (200, (1, 0, 0))
    (row,) = (await numbers(tenant, dnc_list_id))["data"]
    assert (row["phoneNumber"], row["reason"], row["expiresAt"]) == ("0901234567", "A", LATER)


@pytest.fixture
async def hanoi(tenant, conn):
    """The tenant, in that zone."""
    await tenants.set_zone(conn, tenant.tenant_id, "Asia/Ho_Chi_Minh")
    return tenant


@pytest.mark.parametrize("text", ["2998-12-31", "31/12/2998", "31-12-2998 00:00", "2998-12-31T17:00:00Z"])
async def test_day_of_a_row_ends_in_the_tenants_zone(hanoi, text):
    dnc_list_id = await made(hanoi)
    await add_csv(hanoi, dnc_list_id, f"phone,expires\n0901234567,{text}\n")
    await add(hanoi, dnc_list_id, numbers=[{"phoneNumber": "0901234568", "expiresAt": text}])
    rows = (await numbers(hanoi, dnc_list_id))["data"]
    assert [row["expiresAt"] for row in rows] == ["2998-12-31T17:00:00Z"] * 2


async def test_day_of_a_number_sent_alone_ends_in_the_tenants_zone(hanoi):
    dnc_list_id = await made(hanoi)
    await add(hanoi, dnc_list_id, phoneNumber="0901234567", expiresAt="2998-12-31")
    (row,) = (await numbers(hanoi, dnc_list_id))["data"]
    assert row["expiresAt"] == "2998-12-31T17:00:00Z"


async def test_number_is_listed_without_end_when_its_expiry_cannot_be_read_and_that_is_reported(tenant):
    dnc_list_id = await made(tenant)
    text = "phone,reason,expires\n0901234567,A,soon\n0901234568 x1,B,\n0901234569," + "C" * 300 + ",\nx,D,\n"
    for reported in (
        (await add_csv(tenant, dnc_list_id, text)).json(),
        await add(
            tenant,
            dnc_list_id,
            numbers=[
                {"phoneNumber": phone, "reason": reason, "expiresAt": end or None}
                for phone, reason, end in (line.split(",") for line in text.splitlines()[1:])
            ],
        ),
    ):
        assert reported["failed"] == 1
        assert reported["warned"] == 3
        assert reported["error_message"].endswith("1 failed, 3 with warnings")
        assert reported["warnings"] == [
            {"row": 1, "phoneNumber": "0901234567", "reason": "expiresAt soon cannot be read: listed without end"},
            {"row": 2, "phoneNumber": "0901234568 x1", "reason": "listed as +84901234568"},
            {"row": 3, "phoneNumber": "0901234569", "reason": "reason must have at most 255 characters, not 300: cut"},
        ]
        rows = (await numbers(tenant, dnc_list_id))["data"]
        assert [(row["phoneNumber"], row["reason"], row["expiresAt"]) for row in rows] == [
            ("0901234567", "A", None),
            ("0901234568", "B", None),
            ("0901234569", "C" * 255, None),
        ]


async def test_number_that_is_listed_stays_so_when_a_row_says_that_it_expired(tenant):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0901234567")
    reported = (await add_csv(tenant, dnc_list_id, "phone,expires\n0901234567,31/12/2001\n")).json()
    assert (counts(reported), reported["errors"][0]["reason"]) == ((0, 0, 1), PAST)
    assert await check(tenant) == ["Not these"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("Sô\u0301 điê\u0323n thoa\u0323i,Ly\u0301 do\n0901234567,kha\u0301ch\n".encode("cp1258"), "text/csv"),
        ("SĐT;Lý do\n0901234567;khách\n".encode("utf-16"), "text/csv"),
        ("0901234567\tkhách\n".encode(), "text/plain"),
        ("0901234567;khách\n".encode(), "text/plain; charset=utf-8"),
        ("kh\xe1ch;0901234567\n".encode("latin-1"), "text/csv; charset=iso-8859-1"),
        (workbook(("SĐT", "Lý do"), (901234567, "khách")), media_type.XLSX),
        (workbook(("khách", "0901234567"), ("khách", "0901234567")), media_type.XLSX),
    ],
)
async def test_file_may_have_any_usual_format_and_character_set(tenant, content, kind):
    dnc_list_id = await made(tenant)
    response = await add_csv(tenant, dnc_list_id, content, kind)
    assert response.status_code == 200, response.text
    (row,) = (await numbers(tenant, dnc_list_id))["data"]
    assert (row["phoneNumber"], row["reason"]) == ("0901234567", "khách")


async def test_days_of_a_workbook_are_days(hanoi):
    dnc_list_id = await made(hanoi)
    content = workbook(("phone", "expires"), ("0901234567", date(2998, 12, 31)), ("0901234568", datetime(2998, 12, 31)))  # noqa: DTZ001
    await add_csv(hanoi, dnc_list_id, content, media_type.XLSX)
    rows = (await numbers(hanoi, dnc_list_id))["data"]
    assert [row["expiresAt"] for row in rows] == ["2998-12-31T17:00:00Z"] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04", "The file is not an XLSX workbook"),
        (workbook(("id", "note"), (1, 2)), "No column is named phoneNumber, phone, số điện thoại or the like"),
        (workbook(), "The workbook has no sheet with data"),
    ],
)
async def test_workbook_that_is_none_is_refused(tenant, content, message):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    assert message in refused(await add_csv(tenant, dnc_list_id, content, media_type.XLSX), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_workbook_with_rows_in_several_sheets_is_refused_rather_than_read_in_part(tenant):
    dnc_list_id = await made(tenant)
    content = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone"], ["0901000002"]]})
    response = await add_csv(tenant, dnc_list_id, content, media_type.XLSX)
    assert "Other sheets of the workbook have rows too: B." in refused(response, 400, "INVALID_INPUT")
    assert (await numbers(tenant, dnc_list_id))["totalRecord"] == 0


async def test_registry_of_the_united_states_is_read_as_it_comes(api, conn):
    tenant = Tenant(api, await api.key(tenant_id=await factories.tenant(conn, "US")))
    dnc_list_id = await made(tenant)
    response = await add_csv(tenant, dnc_list_id, "212,5550199\n310,5550188\n", "text/plain")
    assert counts(response.json()) == (2, 0, 0)
    assert await check(tenant, "+12125550199") == ["Not these"]


async def test_registry_of_the_united_states_is_read_in_another_country_too(tenant):
    dnc_list_id = await made(tenant)
    await add_csv(tenant, dnc_list_id, "212,5550199\n310,5550188\n", "text/plain")
    assert await check(tenant, "+12125550199") == ["Not these"]
    assert await check(tenant, "+13105550188") == ["Not these"]


async def test_number_that_may_be_one_of_two_countries_is_listed_as_both_and_that_is_reported(tenant):
    dnc_list_id = await made(tenant)
    reported = (await add_csv(tenant, dnc_list_id, "212,5551234\n")).json()
    assert counts(reported) == (2, 0, 0)
    (note,) = reported["detected"]["notes"]
    assert note.endswith(
        "are read as numbers of the United States; those that may also be numbers of VN are listed as both"
    )
    assert (await add_csv(tenant, dnc_list_id, "907,2251234\n")).json()["detected"]["notes"] == []


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/csv", "text/plain"])
@pytest.mark.parametrize(
    "text",
    [
        '{"phoneNumber": "0901234567", "reason": "A"}\n{"phoneNumber": 901234568}\n',
        '[{"SĐT": "0901234567", "lý do": "A"}, {"SĐT": 84901234568}]',
    ],
)
async def test_json_is_read_whatever_it_is_called(tenant, text, kind):
    dnc_list_id = await made(tenant)
    answer = await add_csv(tenant, dnc_list_id, text, kind)
    assert counts(answer.json()) == (2, 0, 0)
    assert answer.json()["detected"]["format"] in {"json", "ndjson"}
    rows = (await numbers(tenant, dnc_list_id))["data"]
    assert [(row["phoneNumber"], row["reason"]) for row in rows] == [("0901234567", "A"), ("0901234568", None)]


async def test_order_of_day_and_month_is_that_of_all_rows(hanoi):
    dnc_list_id = await made(hanoi)
    rows = [("0901234567", "06/05/2998"), ("0901234568", "05/13/2998")]
    reported = (await add_csv(hanoi, dnc_list_id, "phone,expires\n" + "".join(f"{a},{b}\n" for a, b in rows))).json()
    sent = [{"phoneNumber": number, "expiresAt": end} for number, end in rows]
    again = await add(hanoi, dnc_list_id, numbers=sent)
    for one in (reported, again):
        assert one["detected"]["notes"] == ["Dates of expiresAt are read as month/day/year, as 05/13/2998 shows"]
        assert [row["expiresAt"] for row in (await numbers(hanoi, dnc_list_id))["data"]] == [
            "2998-06-05T17:00:00Z",
            "2998-05-13T17:00:00Z",
        ]


@pytest.mark.parametrize("expires", ["06/05/2998", "05/06/2998"])
async def test_date_that_may_be_two_days_ends_with_the_later_one_and_that_is_reported(hanoi, expires):
    dnc_list_id = await made(hanoi)
    reported = (await add_csv(hanoi, dnc_list_id, f"phone,expires\n0901234567,{expires}\n")).json()
    (row,) = (await numbers(hanoi, dnc_list_id))["data"]
    assert row["expiresAt"] == "2998-06-05T17:00:00Z"
    assert "is read as 2998-06-05, the later one of both days" in reported["detected"]["notes"][0]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("8.49E+10", "is 8.49E+10, which a spreadsheet has rounded"), ("#N/A", "is #N/A, the error of a formula")],
)
async def test_number_that_a_spreadsheet_has_lost_is_explained(tenant, cell, reason):
    dnc_list_id = await made(tenant)
    reported = (await add_csv(tenant, dnc_list_id, f"phone\n{cell}\n0901234567\n")).json()
    assert counts(reported) == (1, 0, 1)
    assert reported["errors"][0]["reason"].startswith(f"phoneNumber {reason}")


async def test_sheet_and_columns_of_a_workbook_are_reported(tenant):
    dnc_list_id = await made(tenant)
    content = workbook_of({"Từ chối": [["Mobile", "x"], ["0901000001", 5]], "H": [["phone"], ["0901"]]}, hidden=["H"])
    reported = (await add_csv(tenant, dnc_list_id, content, media_type.XLSX)).json()
    found = reported["detected"]
    (table,) = found["tables"]
    assert (found["format"], table["sheet"], table["headerRow"], table["rows"]) == ("xlsx", "Từ chối", 1, 1)
    assert [(column["column"], column["use"]) for column in table["columns"]] == [
        ("Mobile", "phoneNumber"),
        ("x", "ignored"),
    ]
    assert [sheet["sheet"] for sheet in found["leftOut"]] == ["H"]


async def test_number_alone_has_nothing_that_was_detected(tenant):
    dnc_list_id = await made(tenant)
    assert (await add(tenant, dnc_list_id, phoneNumber="0901234567"))["detected"] is None


async def test_answer_lists_as_many_errors_as_are_asked_for(tenant):
    dnc_list_id = await made(tenant)
    text = "phone\n0901234567\n" + "x\n" * 300
    path = f"/v1/do-not-call/{dnc_list_id}/numbers"
    for asked, listed in (("0", 0), ("250", 250), ("10000", 300)):
        options = {"content": text.encode(), "headers": {"content-type": "text/csv"}}
        response = await tenant.post(f"{path}?errors={asked}", **options)
        assert (response.json()["failed"], len(response.json()["errors"])) == (300, listed)
    refused(await tenant.post(f"{path}?errors=10001", {"phoneNumber": "0901234567"}), 400, "INVALID_INPUT")


async def test_bad_rows_of_a_file_are_reported_by_their_number_the_first_hundred(tenant):
    dnc_list_id = await made(tenant)
    rows = [vn_mobile(n) if n % 100 else f"x{n}" for n in range(1, 20_001)]
    reported = (await add_csv(tenant, dnc_list_id, "phone\n\n" + "\n".join(rows))).json()
    assert counts(reported) == (19_800, 0, 200)
    assert [(error["row"], error["phoneNumber"]) for error in reported["errors"]] == [
        (n, f"x{n}") for n in range(100, 10_001, 100)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", EMPTY),
        ("\n\n", EMPTY),
        (",\n" * 1000 + "phone\n0901234567\n", EMPTY),
        ("id,note\n1,2\n",
         NO_NUMBERS),
        (b"phone\n\xff\xfe\0\n", "Line 2 has a NUL character: not text"),
        ("phoneNumber,reason\n", HEADER_ONLY),
        ("SĐT\n\n,\n", HEADER_ONLY),
        ("[]", "The file has no items: expected numbers"),
        ('{"phoneNumber": "0901234567"}\n{"phoneNumber"\n',
         "Line 2 is not valid JSON in UTF-8: Input data was truncated"),
        ('phone,reason\n0900000001,"open\n0900000002,\n',
         "The file ends within quotes that open in line 2: it seems to be cut off"),
    ],
)  # fmt: skip
async def test_file_that_is_none_puts_nothing_in_the_list(tenant, text, message):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    assert refused(await add_csv(tenant, dnc_list_id, text), 400, "INVALID_INPUT") == message
    assert await tenant.checksum() == before


async def test_file_that_breaks_off_behind_ten_thousand_rows_puts_nothing_in_the_list(tenant):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    text = "phone,reason\n" + "".join(f"{vn_mobile(n)},\n" for n in range(10_001)) + '0911111111,"open\n'
    refused(await add_csv(tenant, dnc_list_id, text), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_file_of_more_rows_than_one_request_may_have_puts_nothing_in_the_list(tenant):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    text = "phone\n" + "".join(f"{vn_mobile(n)}\n" for n in range(20_000)) + "\n" * 180_001
    assert refused(await add_csv(tenant, dnc_list_id, text), 400, "INVALID_INPUT") == (
        "The file has more than 200,000 rows: send several, as tongdai dnc import does"
    )
    assert await tenant.checksum() == before


async def test_empty_rows_are_left_out_wherever_they_stand(tenant):
    dnc_list_id = await made(tenant)
    text = "\n" * 999 + "phone,reason\n0901234567,\n" + " ,\n" * 199_996 + "1,\n\n0901234568,"
    reported = (await add_csv(tenant, dnc_list_id, text)).json()
    assert (counts(reported), [error["row"] for error in reported["errors"]]) == ((2, 0, 1), [2])


async def test_no_row_of_a_file_is_read_where_other_requests_are_answered(tenant, monkeypatch):
    threads = set()
    reader = csv.reader

    class Watched:
        def __init__(self, *args, **kwargs):
            self._reader = reader(*args, **kwargs)

        def __iter__(self):
            return self

        def __next__(self):
            threads.add(threading.current_thread())
            return next(self._reader)

        @property
        def line_num(self):
            return self._reader.line_num

    monkeypatch.setattr(csv, "reader", Watched)
    dnc_list_id = await made(tenant)
    text = "\nphone\n" + "".join(f"{vn_mobile(n)}\n" for n in range(10_001))
    assert counts((await add_csv(tenant, dnc_list_id, text)).json()) == (10_001, 0, 0)
    assert threads
    assert threading.current_thread() not in threads


async def test_file_is_read_before_the_list_is_held(tenant, pool):
    dnc_list_id = await made(tenant)
    async with pool.acquire() as conn, conn.transaction():
        assert await store.lock(conn, tenant.tenant_id, dnc_list_id)
        refused(await add_csv(tenant, dnc_list_id, 'phone\n0901234567\n"open'), 400, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/csv; charset=cp037"}, 415),
        ({"content-type": "text/csv", "content-encoding": "gzip"}, 415),
        ({"content-type": "text/xml"}, 415),
        ({"content-type": "text/csv", "content-length": str(10**10)}, 413),
    ],
)
async def test_body_of_another_kind_or_size_is_refused(tenant, headers, status):
    dnc_list_id = await made(tenant)
    path = f"/v1/do-not-call/{dnc_list_id}/numbers"
    refused(await tenant.post(path, content=b"phone\n0901234567\n", headers=headers), status, "INVALID_INPUT")


async def test_whole_list_comes_as_a_file_that_can_be_sent_again(tenant):
    dnc_list_id, copy = await made(tenant), await made(tenant, "Copy")
    sent = [{"phoneNumber": vn_mobile(n), "expiresAt": LATER} for n in range(7_000)]
    sent[0]["reason"] = 'nói, "không"'
    sent[1]["reason"] = "=1+1"
    await add(tenant, dnc_list_id, numbers=[*sent, {"phoneNumber": "+12125550123"}])
    response = await tenant.get(f"/v1/do-not-call/{dnc_list_id}/numbers", headers={"accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = rows_of_csv(response)
    assert list(rows[0]) == ["phoneNumber", "reason", "expiresAt", "createdAt"]
    assert [row["phoneNumber"] for row in rows] == ["+12125550123", *(vn_mobile(n) for n in range(7_000))]
    assert [row["reason"] for row in rows[:3]] == ["", 'nói, "không"', "'=1+1"]
    assert {row["expiresAt"] for row in rows[1:]} == {LATER}
    assert counts((await add_csv(tenant, copy, response.content)).json()) == (7_001, 0, 0)
