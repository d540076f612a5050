"""Invalid input of any kind gets a documented error, writes nothing, and does not disturb valid requests."""

import gzip
import json

import pytest

from tests.support.api import refused
from tests.support.at_once import few_at_once

CAMPAIGNS, QUEUES, KEYS = "/v1/campaigns", "/v1/queues/inbound", "/v1/api-keys"
ONE = "0901234567"


@pytest.fixture
async def campaign_id(tenant):
    """A campaign with one contact, so that there is something to change."""
    campaign_id = await tenant.campaign()
    await tenant.contact(campaign_id, "0907654321")
    return campaign_id


async def fails(tenant, campaign_id, method, path, status=400, code="INVALID_INPUT", **options):
    """The message of an error, after which nothing has changed and a valid request succeeds."""
    before = await tenant.checksum()
    response = await tenant.call(method, path, **options)
    message = refused(response, status, code)
    assert len(message) < 400
    assert await tenant.checksum() == before
    good = await tenant.done("GET", f"{CAMPAIGNS}/{campaign_id}/contact-lists")
    assert [row["contactCount"] for row in good["data"]] == [1]
    return message


# --- bodies that are not a JSON object ---

BODIES = {
    "empty": b"",
    "blank": b" \n\t ",
    "null": b"null",
    "array": b"[]",
    "text": b'"x"',
    "number": b"1",
    "true": b"true",
    "truncated": b'{"phoneNumber":"0901234567"',
    "two documents": b'{"phoneNumber":"0901234567"}{}',
    "trailing comma": b'{"phoneNumber":"0901234567",}',
    "single quotes": b"{'phoneNumber':'0901234567'}",
    "comment": b'{"phoneNumber":"0901234567"/**/}',
    "UTF-16": '{"phoneNumber":"0901234567"}'.encode("utf-16"),
    "UTF-32": '{"phoneNumber":"0901234567"}'.encode("utf-32"),
    "BOM": b'\xef\xbb\xbf{"phoneNumber":"0901234567"}',
    "invalid UTF-8": b'{"phoneNumber":"0901234567","name":"\xff\xfe"}',
    "overlong UTF-8": b'{"phoneNumber":"0901234567","name":"\xc0\xaf"}',
    "surrogate as UTF-8": b'{"phoneNumber":"0901234567","name":"\xed\xa0\x80"}',
    "NUL": b'{"phoneNumber":"0901234567"}\x00',
    "NUL inside": b'{"phoneNumber":"0901234567","name":"a\x00b"}',
    "NUL escaped": b'{"phoneNumber":"0901234567","name":"a\\u0000b"}',
    "lone surrogate": b'{"phoneNumber":"0901234567","name":"\\ud800"}',
    "low surrogate": b'{"phoneNumber":"0901234567","name":"\\udc00"}',
    "two high surrogates": b'{"phoneNumber":"0901234567","name":"\\ud800\\ud800"}',
    "deep arrays": b"[" * 100_000,
    "deep unknown": b'{"x":' * 100_000,
    "deep attributes": b'{"phoneNumber":"0901234567","attributes":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "nested attributes": b'{"phoneNumber":"0901234567","attributes":{"a":[1]}}',
    "long integer": b'{"phoneNumber":"0901234567","listId":' + b"1" * 5000 + b"}",
    "long attribute": b'{"phoneNumber":"0901234567","attributes":{"a":' + b"1" * 5000 + b"}}",
    "NaN": b'{"phoneNumber":"0901234567","attributes":{"a":NaN}}',
    "Infinity": b'{"phoneNumber":"0901234567","attributes":{"a":-Infinity}}',
    "huge float": b'{"phoneNumber":"0901234567","attributes":{"a":1e400}}',
    "unknown field": b'{"phoneNumber":"0901234567","colour":"red"}',
    "field in other case": b'{"PhoneNumber":"0901234567"}',
    "prototype": b'{"phoneNumber":"0901234567","__proto__":{}}',
    "binary": bytes(range(256)),
    "gzip": gzip.compress(b'{"phoneNumber":"0901234567"}', mtime=0),
    "XML": b"<phoneNumber>0901234567</phoneNumber>",
    "form": b"phoneNumber=0901234567",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_body_that_is_not_a_contact_is_refused(tenant, campaign_id, body):
    path = f"{CAMPAIGNS}/{campaign_id}/contacts"
    await fails(tenant, campaign_id, "POST", path, content=body)
    await fails(tenant, campaign_id, "POST", f"{path}/bulk", content=body)


@pytest.mark.parametrize("body", [body for body in BODIES.values() if b"phoneNumber" not in body])
async def test_body_that_is_not_an_object_is_refused_by_every_route_with_a_body(tenant, campaign_id, body):
    queue_id = await tenant.queue()
    for method, path in (
        ("POST", CAMPAIGNS),
        ("PATCH", f"{CAMPAIGNS}/{campaign_id}"),
        ("POST", QUEUES),
        ("PUT", f"{QUEUES}/{queue_id}"),
        ("POST", KEYS),
    ):
        await fails(tenant, campaign_id, method, path, content=body)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/json, text/plain"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "x" * 5000},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": 'application/json; charset="latin-1"'},
        {"Content-Encoding": "br, gzip"},
    ],
    ids=str,
)
async def test_unsupported_content_type_is_refused(tenant, campaign_id, headers):
    for path in (CAMPAIGNS, f"{CAMPAIGNS}/{campaign_id}/contacts", f"{CAMPAIGNS}/{campaign_id}/contacts/bulk"):
        await fails(tenant, campaign_id, "POST", path, 415, content=b'{"campaignName":"A"}', headers=headers)


async def test_content_encoding_is_accepted_for_imports_only(tenant, campaign_id):
    compressed = {"content": b'{"campaignName":"A"}', "headers": {"Content-Encoding": "gzip"}}
    for path in (CAMPAIGNS, f"{CAMPAIGNS}/{campaign_id}/contacts"):
        await fails(tenant, campaign_id, "POST", path, 415, **compressed)
    await fails(tenant, campaign_id, "POST", f"{CAMPAIGNS}/{campaign_id}/contacts/bulk", 400, **compressed)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=UTF-8", None])
async def test_content_type_of_json_is_accepted_in_any_spelling(tenant, kind):
    headers = {"Content-Type": kind} if kind else {}
    response = await tenant.call("POST", CAMPAIGNS, content=b' {"campaignName":"A"} ', headers=headers)
    assert response.status_code == 200


# --- fields ---

PHONES = [
    None, 901234567, 901234567.0, True, [], {}, "", " ", "abc", "0901234567&PJSIP/1900", "0901@evil.host",
    "${SHELL(id)}", "０９０１２３４５６７", "٠٩٠١٢٣٤٥٦٧", "1", "12", "9" * 40, "9" * 100_000, "0901234567\n",
    "0901234567\x00", "+84+901234567", "0901234567;ext=1", "tel:0901234567", "sip:0901234567@host", "090x234567",
    "0901234567,,1", "+", "--", "113", "00000000", "1900123456789012345", "0901234567#", "*1010901234567", "' or 1=1",
]  # fmt: skip


@pytest.mark.parametrize("written", PHONES, ids=lambda value: repr(value)[:30])
async def test_invalid_number_is_refused_by_name(tenant, campaign_id, written):
    path = f"{CAMPAIGNS}/{campaign_id}/contacts"
    message = await fails(tenant, campaign_id, "POST", path, json={"phoneNumber": written})
    assert message.startswith("phoneNumber")


async def test_missing_number_is_refused_by_name(tenant, campaign_id):
    message = await fails(tenant, campaign_id, "POST", f"{CAMPAIGNS}/{campaign_id}/contacts", json={"name": "A"})
    assert "phoneNumber" in message


CONTACT_FIELDS = [
    *(("name", value) for value in (5, True, [], {}, "x" * 256, "a\r\nb", "a\x00b", "a\x1bb", "a\x7fb", "a\u2028b")),
    *(("externalId", value) for value in (5, [], "x" * 129, "a\nb", "\x85")),
    *(("attributes", value) for value in (5, "x", [], {"a": []}, {"a": {}}, {"a": "\x00"}, {"\n": 1})),
    ("attributes", {"a": "x" * 4096}),
    ("attributes", {str(n): n for n in range(1000)}),
    *(("listId", value) for value in ("501", 1.5, 0, -1, True, [], 10**18, 2**63, 10**100)),
]


@pytest.mark.parametrize(("field", "value"), CONTACT_FIELDS, ids=lambda value: repr(value)[:30])
async def test_field_of_a_contact_that_is_out_of_bounds_is_refused_by_name(tenant, campaign_id, field, value):
    path = f"{CAMPAIGNS}/{campaign_id}/contacts"
    message = await fails(tenant, campaign_id, "POST", path, json={"phoneNumber": ONE, field: value})
    assert message.startswith(field)


async def test_unknown_list_is_not_found(tenant, campaign_id):
    path = f"{CAMPAIGNS}/{campaign_id}/contacts"
    for list_id in (1, 10**18 - 1):
        sent = {"phoneNumber": ONE, "listId": list_id}
        await fails(tenant, campaign_id, "POST", path, 404, "NOT_FOUND", json=sent)


CAMPAIGN_FIELDS = [
    *(("campaignName", value) for value in (None, 5, [], "", "x" * 256, "a\nb", "\x00", "\u2029")),
    *(("userName", value) for value in (5, [], "x" * 256, "a\tb")),
    *(("type", value) for value in (None, 5, "", "lower", "1A", "A B", "A" * 65, "Ä", "A\n", "A-B")),
    *(("status", value) for value in (2, "2")),
]


@pytest.mark.parametrize(("field", "value"), CAMPAIGN_FIELDS, ids=lambda value: repr(value)[:30])
async def test_field_of_a_campaign_that_is_out_of_bounds_is_refused_by_name(tenant, campaign_id, field, value):
    message = await fails(tenant, campaign_id, "POST", CAMPAIGNS, json={"campaignName": "A", field: value})
    assert field in message


QUEUE_FIELDS = [
    *(("strategy", value) for value in ("1", 1.0, 1.5, True, False, None, 0, 5, -1, 98, 100, 2**63, 10**100, [], {})),
    *(("moh_file_id", value) for value in (
        "../../etc/passwd", "http://127.0.0.1/", r"C:\x", "", ".", "..", "a/b", "a\\b", "C:x", "file:x", "a\x00b",
        "a\nb", "x" * 256, 5, [], " ", "/etc/passwd", "\\\\host\\share", "...", ". .",
    )),
    *(("max_wait_sec", value) for value in (
        120, 1.5, True, "", " ", "-1", "+1", "1.5", "86401", "99999", "100000", "1e3", "0x10", "１２０", "٣", "1_0",
        " 1", "1 ", "1\n", "NaN", "9" * 5000, [], {},
    )),
    *(("announce_position", value) for value in (0, 1, True, False, "", "2", "01", "on", "true", " 1", [], {})),
]  # fmt: skip
each_queue_field = pytest.mark.parametrize(("field", "value"), QUEUE_FIELDS, ids=lambda value: repr(value)[:30])


@each_queue_field
async def test_field_of_a_queue_that_is_out_of_bounds_is_refused_by_name(tenant, campaign_id, field, value):
    queue_id = await tenant.queue(strategy=2, moh_file_id="a.wav", max_wait_sec="60", announce_position="1")
    # Written by hand: 1.0 must stay 1.0.
    for method, path, sent in (
        ("PUT", f"{QUEUES}/{queue_id}", {field: value}),
        ("POST", QUEUES, {"callinName": "A", field: value}),
    ):
        message = await fails(tenant, campaign_id, method, path, content=json.dumps(sent).encode())
        assert message.startswith(field)


NEW_QUEUE_FIELDS = [
    *(("callinName", value) for value in (None, 5, "", "x" * 256, "a\nb")),
    *(
        ("callinNumber", value)
        for value in (1900, "", "abc", "+", "1" * 33, "1900 6363", "1900\n", "１９００", "19+00", "${X}")
    ),
    ("agentSelector", "x"),
    ("callinId", 5),
]


@pytest.mark.parametrize(("field", "value"), NEW_QUEUE_FIELDS, ids=lambda value: repr(value)[:30])
async def test_field_of_a_new_queue_that_is_out_of_bounds_is_refused_by_name(tenant, campaign_id, field, value):
    message = await fails(tenant, campaign_id, "POST", QUEUES, json={"callinName": "A", field: value})
    assert field in message


KEY_FIELDS = [
    *(("scopes", value) for value in (None, "queue", [], ["root"], ["Queue"], [""], [None], [5], ["queue", "x\n"], {})),
    *(("name", value) for value in (None, 5, "x" * 256, "a\nb")),
    *(
        ("expiresAt", value)
        for value in (5, "", "tomorrow", "2099-01-01", "2099-01-01T00:00:00", "2001-01-01T00:00:00Z")
    ),
    *(("expiresAt", value) for value in ("2099-13-01T00:00:00Z", "99999-01-01T00:00:00Z", "0000-01-01T00:00:00Z")),
    ("tenantId", 5),
    ("key", "sk_live_x"),
]


@pytest.mark.parametrize(("field", "value"), KEY_FIELDS, ids=lambda value: repr(value)[:30])
async def test_field_of_a_key_that_is_out_of_bounds_is_refused_by_name(tenant, campaign_id, field, value):
    message = await fails(tenant, campaign_id, "POST", KEYS, json={"scopes": ["queue"], field: value})
    assert field in message


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "2099-01-01T00:00:00+14:00"])
async def test_key_may_expire_at_the_end_of_time(tenant, instant):
    response = await tenant.post(KEYS, {"scopes": ["queue"], "expiresAt": instant})
    assert response.status_code in {200, 400}, response.text
    page = await tenant.done("GET", KEYS)
    assert page["totalRecord"] == (2 if response.status_code == 200 else 1)


# --- queries ---

PAGE = f"{CAMPAIGNS}/{{0}}/contact-lists/{{1}}/contacts"
FILTERS = [
    *(f"page={value}" for value in ("-1", "1.5", "NaN", "１", "1_0", "", "9223372036854775808", "9" * 5000)),
    *(f"size={value}" for value in ("0", "-1", "1001", "", "x", "%2B1")),
    *(f"processStatus={value}" for value in ("", "3", "-1", "0.0", "pending", "٠", "00x")),
    *(f"phoneNumber={value}" for value in ("", "abc", "1", "0901@evil.host", "9" * 50, "%00", "%EF%BC%90901234567")),
    *(f"externalId={value}" for value in ("x" * 129, "%00", "a%0Ab", "%FF", "%ED%A0%80")),
    "page=0&page=1", "size=1&size=1", "phoneNumber=0901234567&phoneNumber=0901234567", "externalId=a&externalId=a",
    "page=9223372036854775807&size=1000", "processStatus=0&processStatus=0",
]  # fmt: skip


@pytest.mark.parametrize("query", FILTERS, ids=lambda query: query[:40])
async def test_invalid_query_of_contacts_is_refused(tenant, campaign_id, query):
    lists = await tenant.done("GET", f"{CAMPAIGNS}/{campaign_id}/contact-lists")
    path = PAGE.format(campaign_id, lists["data"][0]["listId"])
    message = await fails(tenant, campaign_id, "GET", f"{path}?{query}")
    assert query.partition("=")[0] in message or "query string" in message


CAMPAIGN_QUERIES = [
    "status=0",
    "status=5",
    "status=x",
    "status=",
    "type=lower",
    "type=",
    "limit=0",
    "limit=1001",
    "limit=x",
]


@pytest.mark.parametrize("query", [*CAMPAIGN_QUERIES, "userName=" + "x" * 256, "userName=%0A", "status=1&status=1"])
async def test_invalid_query_of_campaigns_is_refused(tenant, campaign_id, query):
    assert query.partition("=")[0] in await fails(tenant, campaign_id, "GET", f"{CAMPAIGNS}?{query}")


# --- sizes ---


async def test_body_whose_declared_length_is_too_large_is_refused_unread(tenant, campaign_id):
    async def never():
        raise AssertionError("it was read")
        yield b""

    for length in ("1000000000000", "9" * 30, str(64 * 2**20 + 1)):
        for path in (CAMPAIGNS, f"{CAMPAIGNS}/{campaign_id}/contacts/bulk"):
            headers = {"Content-Length": length}
            await fails(tenant, campaign_id, "POST", path, 413, content=never(), headers=headers)


async def test_body_in_pieces_is_refused_once_it_is_too_large(tenant, campaign_id, serving):
    sent = 0

    async def pieces():
        nonlocal sent
        for _ in range(64):
            sent += 2**18
            yield b" " * 2**18

    async with serving(max_body_mb=1, max_json_kb=1024) as client:
        for path in (CAMPAIGNS, f"{CAMPAIGNS}/{campaign_id}/contacts/bulk"):
            response = await client.post(path, content=pieces(), headers=tenant.key.headers)
            assert refused(response, 413, "INVALID_INPUT") == "The body is larger than 1 MB"


async def test_invalid_requests_do_not_disturb_concurrent_valid_ones(tenant, campaign_id):
    path = f"{CAMPAIGNS}/{campaign_id}/contacts"
    bad = [tenant.call("POST", path, content=body) for body in BODIES.values()]
    good = [tenant.post(path, {"phoneNumber": f"09012345{n:02}"}) for n in range(20)]
    responses = await few_at_once([*bad, *good])
    assert [response.status_code for response in responses] == [400] * len(bad) + [200] * 20
