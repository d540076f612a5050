"""Do-not-call lists over the API: who may be put on them, and what then stands there."""

import asyncio
import csv
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.workbooks import workbook
from tongdai.do_not_call import store
from tongdai.files import media_type
from tongdai.tenants import store as tenants
from tongdai.testing import factories
from tongdai.testing.factories import vn_mobile

WRITTEN = ("0901234567", "+84901234567", "84901234567", "0901 234 567", "090-123-4567", "0084 901234567")
LATER = "2999-01-31T17:00:00Z"
EMPTY = "The file is empty, or its first 1,000 rows are: expected a header row and numbers"
PAST = "expiresAt must be an instant to come, with its offset from UTC: 2030-01-31T17:00:00+07:00, or a day: 2030-01-31"


async def made(tenant, name="Not these", **fields):
    """A list's id."""
    return (await tenant.done("POST", "/v1/do-not-call", json={"name": name} | fields))["dncListId"]


async def add(tenant, dnc_list_id, **sent):
    return await tenant.done("POST", f"/v1/do-not-call/{dnc_list_id}/numbers", json=sent)


async def add_csv(tenant, dnc_list_id, text, kind="text/csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", content=content, headers={"content-type": kind})


def counts(answer):
    return answer["added"], answer["updated"], answer["failed"]


async def numbers(tenant, dnc_list_id, query=""):
    return await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}/numbers?{query}")


async def check(tenant, number="0901234567", **query):
    """The lists that name it."""
    found = await tenant.done("GET", "/v1/do-not-call/check", params={"phoneNumber": number} | query)
    assert found["listed"] == bool(found["data"])
    return [row["name"] for row in found["data"]]


async def test_lists_are_shown_with_their_counts(tenant):
    campaign_id = await tenant.campaign()
    first, second = await made(tenant, "A"), await made(tenant, "B", campaignId=campaign_id)
    await add(tenant, first, phoneNumber="0901234567")
    page = await tenant.done("GET", "/v1/do-not-call")
    shown = [{name: row[name] for name in row if name != "createdAt"} for row in page["data"]]
    assert page["totalRecord"] == 2
    assert shown == [
        {"dncListId": first, "name": "A", "campaignId": None, "entryCount": 1},
        {"dncListId": second, "name": "B", "campaignId": campaign_id, "entryCount": 0},
    ]
    assert await tenant.done("GET", f"/v1/do-not-call/{first}") == page["data"][0]
    assert (await tenant.done("GET", "/v1/do-not-call?page=1&size=1"))["data"] == page["data"][1:]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": ""}, "name must have 1 to 255 characters, not 0"),
        ({"name": "A" * 256}, "name must have 1 to 255 characters, not 256"),
        ({"name": "A\nB"}, "name must not contain control characters"),
        ({"name": "A", "campaignId": 0}, "campaignId must be an id, a whole number above 0, not 0"),
        ({}, "name is missing: expected a string"),
        ({"name": "A", "colour": 1}, "colour is an unknown field: expected one of name, campaignId"),
    ],
)
async def test_list_that_cannot_be_is_refused(tenant, sent, message):
    assert refused(await tenant.post("/v1/do-not-call", sent), 400, "INVALID_INPUT") == message


async def test_two_lists_of_a_tenant_have_different_names(tenant, other_tenant):
    await made(tenant, "A")
    await made(other_tenant, "A")
    message = refused(await tenant.post("/v1/do-not-call", {"name": "A"}), 400, "INVALID_INPUT")
    assert message == "name 'A' is another do-not-call list's already"


@pytest.mark.parametrize("number", WRITTEN)
async def test_number_is_one_however_it_is_written(tenant, number):
    dnc_list_id = await made(tenant)
    assert counts(await add(tenant, dnc_list_id, phoneNumber="0901234567")) == (1, 0, 0)
    assert counts(await add(tenant, dnc_list_id, phoneNumber=number, reason="again")) == (0, 1, 0)
    assert await check(tenant, number) == ["Not these"]
    page = await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}/numbers", params={"phoneNumber": number})
    assert page["totalRecord"] == 1
    assert (page["data"][0]["phoneNumber"], page["data"][0]["reason"]) == ("0901234567", "again")
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/{number}")
    assert await check(tenant, number) == []
    assert (await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}"))["entryCount"] == 0


async def test_last_word_on_a_number_holds(tenant):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0901234567", reason="A", expiresAt=LATER)
    await add(tenant, dnc_list_id, phoneNumber="0901234567")
    (row,) = (await numbers(tenant, dnc_list_id))["data"]
    assert (row["reason"], row["expiresAt"]) == (None, None)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"phoneNumber": "113"}, "phoneNumber is a short number, such as an emergency number: these are never called"),
        ({"phoneNumber": "12x"},
         "phoneNumber is not a phone number: it may have digits, spaces, . - / ( ) [ ] and a leading +"),
        ({"phoneNumber": ""}, "phoneNumber is missing"),
        ({"phoneNumber": "0901234567", "reason": "A" * 256}, "reason must have at most 255 characters, not 256"),
        ({"phoneNumber": "0901234567", "reason": "A\n"}, "reason must not contain control characters"),
        ({"phoneNumber": "0901234567", "expiresAt": "2001-01-01T00:00:00Z"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "2999-01-01T00:00:00"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "31/12/2999"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "2001-01-01"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "soon"}, PAST),
        ({"phoneNumber": "0901234567 x1"},
         "phoneNumber is not a phone number: it may have digits, spaces, . - / ( ) [ ] and a leading +"),
        ({"phoneNumber": "0901234567", "expiresAt": "9999-12-31T23:00:00-05:00"}, PAST),
        ({}, "Expected phoneNumber or numbers"),
        ({"numbers": []}, "numbers must have 1 to 10000 items, not 0"),
        ({"numbers": [{"phoneNumber": "0901234567"}] * 10_001}, "numbers must have 1 to 10000 items, not 10001"),
        ({"numbers": [{"phoneNumber": "0901234567"}], "reason": "A"},
         "Expected either phoneNumber with reason and expiresAt, or numbers alone"),
        ({"numbers": [{"reason": "A"}]}, "numbers[0].phoneNumber is missing: expected a string"),
    ],
)  # fmt: skip
async def test_number_that_cannot_be_listed_changes_nothing(tenant, sent, message):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    answer = await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", sent)
    assert refused(answer, 400, "INVALID_INPUT") == message
    assert await tenant.checksum() == before


async def test_of_many_numbers_the_bad_are_reported_and_the_good_are_stored(tenant):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0900000001")
    sent = [
        {"phoneNumber": "0900000001", "reason": "A"},
        {"phoneNumber": "0901"},
        {"phoneNumber": "0900000002", "expiresAt": LATER},
        {"phoneNumber": "0900 000 002", "reason": "the last"},
        {"phoneNumber": "0900000003", "expiresAt": "2001-01-01T00:00:00Z"},
    ]
    reported = await add(tenant, dnc_list_id, numbers=sent)
    assert counts(reported) == (1, 2, 2)
    assert reported["errors"] == [
        {"row": 2, "phoneNumber": "0901", "reason": "phoneNumber is too short for a phone number"},
        {"row": 5, "phoneNumber": "0900000003", "reason": PAST},
    ]
    page = await numbers(tenant, dnc_list_id)
    assert [(row["phoneNumber"], row["reason"], row["expiresAt"]) for row in page["data"]] == [
        ("0900000001", "A", None),
        ("0900000002", "the last", None),
    ]


async def test_ten_thousand_numbers_go_in_at_once_and_page_after_page_comes_out(tenant):
    dnc_list_id = await made(tenant)
    sent = [{"phoneNumber": vn_mobile(n)} for n in range(10_000)]
    assert counts(await add(tenant, dnc_list_id, numbers=sent)) == (10_000, 0, 0)
    seen = []
    for page in range(10):
        found = await numbers(tenant, dnc_list_id, f"size=1000&page={page}")
        assert found["totalRecord"] == 10_000
        seen += [row["phoneNumber"] for row in found["data"]]
    assert seen == [vn_mobile(n) for n in range(10_000)]
    assert (await numbers(tenant, dnc_list_id, "size=1000&page=10"))["data"] == []


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
    answer = await add_csv(tenant, dnc_list_id, text, "text/csv; charset=UTF-8")
    assert (answer.status_code, counts(answer.json())) == (200, (1, 0, 0))
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
    answer = await add_csv(tenant, dnc_list_id, content, kind)
    assert answer.status_code == 200, answer.text
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


async def test_registry_of_the_united_states_is_read_as_it_comes(api, conn):
    tenant = Tenant(api, await api.key(tenant_id=await factories.tenant(conn, "US")))
    dnc_list_id = await made(tenant)
    answer = await add_csv(tenant, dnc_list_id, "212,5550199\n310,5550188\n", "text/plain")
    assert counts(answer.json()) == (2, 0, 0)
    assert await check(tenant, "+12125550199") == ["Not these"]


async def test_registry_of_the_united_states_is_read_in_another_country_too(tenant):
    dnc_list_id = await made(tenant)
    await add_csv(tenant, dnc_list_id, "212,5550199\n310,5550188\n", "text/plain")
    assert await check(tenant, "+12125550199") == ["Not these"]
    assert await check(tenant, "+13105550188") == ["Not these"]


async def test_answer_lists_as_many_errors_as_are_asked_for(tenant):
    dnc_list_id = await made(tenant)
    text = "phone\n0901234567\n" + "x\n" * 300
    path = f"/v1/do-not-call/{dnc_list_id}/numbers"
    for asked, listed in (("0", 0), ("250", 250), ("10000", 300)):
        options = {"content": text.encode(), "headers": {"content-type": "text/csv"}}
        answer = await tenant.post(f"{path}?errors={asked}", **options)
        assert (answer.json()["failed"], len(answer.json()["errors"])) == (300, listed)
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
         "No column is named phoneNumber, phone, số điện thoại or the like: the header row has id, note"),
        (b"phone\n\xff\xfe\0\n", "Line 2 has a NUL character: not text"),
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
    answer = await tenant.get(f"/v1/do-not-call/{dnc_list_id}/numbers", headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = rows_of_csv(answer)
    assert list(rows[0]) == ["phoneNumber", "reason", "expiresAt", "createdAt"]
    assert [row["phoneNumber"] for row in rows] == ["+12125550123", *(vn_mobile(n) for n in range(7_000))]
    assert [row["reason"] for row in rows[:3]] == ["", 'nói, "không"', "'=1+1"]
    assert {row["expiresAt"] for row in rows[1:]} == {LATER}
    assert counts((await add_csv(tenant, copy, answer.content)).json()) == (7_001, 0, 0)


async def test_check_tells_the_lists_that_forbid_a_number_to_a_campaign(tenant):
    here, elsewhere = await tenant.campaign("Here"), await tenant.campaign("Elsewhere")
    for name, fields in (("All", {}), ("Here", {"campaignId": here}), ("Elsewhere", {"campaignId": elsewhere})):
        await add(tenant, await made(tenant, name, **fields), phoneNumber="0901234567")
    assert await check(tenant) == ["All", "Here", "Elsewhere"]
    assert await check(tenant, campaignId=here) == ["All", "Here"]
    assert await check(tenant, "0901234568", campaignId=here) == []


async def test_entry_that_has_expired_forbids_nothing_and_is_still_shown(tenant, conn):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0901234567", expiresAt=LATER)
    assert await check(tenant) == ["Not these"]
    expire = "update do_not_call set expires_at = $2 where tenant_id = $1"
    await conn.execute(expire, tenant.tenant_id, datetime.now(UTC) - timedelta(1))
    assert await check(tenant) == []
    page = await numbers(tenant, dnc_list_id)
    assert (page["totalRecord"], page["data"][0]["phoneNumber"]) == (1, "0901234567")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "phoneNumber is missing: expected a phone number"),
        ("phoneNumber=1", "phoneNumber is too short for a phone number"),
        ("phoneNumber=0901234567&phoneNumber=0901234567", "phoneNumber is given 2 times: expected once"),
        ("phoneNumber=0901234567&campaignId=x", "campaignId must be an id, a whole number above 0, not 'x'"),
    ],
)
async def test_check_that_cannot_be_asked_is_refused(tenant, query, message):
    assert refused(await tenant.get(f"/v1/do-not-call/check?{query}"), 400, "INVALID_INPUT") == message


async def test_number_that_is_not_in_a_list_cannot_be_taken_out(tenant):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    for number in ("0901234567", "1", "abc"):
        answer = await tenant.call("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/{number}")
        assert refused(answer, 404, "NOT_FOUND") == "Number not found"
    assert await tenant.checksum() == before


async def test_list_goes_with_all_that_stands_in_it(tenant):
    dnc_list_id, other = await made(tenant), await made(tenant, "Other")
    for one in (dnc_list_id, other):
        await add(tenant, one, numbers=[{"phoneNumber": vn_mobile(n)} for n in range(3)])
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}")
    refused(await tenant.get(f"/v1/do-not-call/{dnc_list_id}"), 404, "NOT_FOUND")
    answer = await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", {"phoneNumber": "0901234567"})
    refused(answer, 404, "NOT_FOUND")
    assert await check(tenant, vn_mobile(1)) == ["Other"]
    assert (await tenant.done("GET", f"/v1/do-not-call/{other}"))["entryCount"] == 3


async def test_repeated_request_gets_the_first_answer_and_does_nothing_twice(tenant):
    key = {"Idempotency-Key": "a"}
    first = await tenant.post("/v1/do-not-call", {"name": "A"}, headers=key)
    assert (await tenant.post("/v1/do-not-call", {"name": "A"}, headers=key)).content == first.content
    path = f"/v1/do-not-call/{first.json()['dncListId']}/numbers"
    key = {"Idempotency-Key": "b", "content-type": "text/csv"}
    answers = [await tenant.post(path, content=b"phone\n0901234567\n", headers=key) for _ in range(2)]
    assert [counts(answer.json()) for answer in answers] == [(1, 0, 0)] * 2


async def test_numbers_that_come_from_many_at_once_are_each_counted_once(tenant):
    dnc_list_id = await made(tenant)
    spans = [range(start, start + 300) for start in (0, 100, 200, 300)]
    answers = await asyncio.gather(
        *(add(tenant, dnc_list_id, numbers=[{"phoneNumber": vn_mobile(n)} for n in span]) for span in spans),
        *(add(tenant, dnc_list_id, phoneNumber=vn_mobile(150)) for _ in range(5)),
    )
    assert sum(answer["added"] for answer in answers) == 600
    assert (await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}"))["entryCount"] == 600
    assert (await numbers(tenant, dnc_list_id))["totalRecord"] == 600


async def test_every_change_is_audited(tenant, conn):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, numbers=[{"phoneNumber": "0901234567"}, {"phoneNumber": "1"}])
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/0901234567")
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}")
    audited = "select action, subject, detail from audit where tenant_id = $1 and action like 'dnc.%' order by audit_id"
    rows = await conn.fetch(audited, tenant.tenant_id)
    assert {row["subject"] for row in rows} == {f"do-not-call list {dnc_list_id}"}
    assert [(row["action"], row["detail"]) for row in rows] == [
        ("dnc.create", {"campaignId": None}),
        ("dnc.add", {"added": 1, "updated": 0, "failed": 1}),
        ("dnc.remove", {"phone": "+84901234567"}),
        ("dnc.delete", {"name": "Not these", "entries": 0}),
    ]
