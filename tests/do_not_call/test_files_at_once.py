"""Files of do-not-call numbers that arrive at the same time."""

import asyncio
import threading
from contextlib import ExitStack

from tests.support.api import refused
from tests.support.do_not_call import add, counts, made, numbers
from tongdai.do_not_call.entries import api, upload
from tongdai.testing.factories import vn_mobile


def one_at_a_time(monkeypatch, module, name):
    """Have a function fail that is called while it runs."""
    running, function = threading.Lock(), getattr(module, name)

    def alone(*arguments):
        assert running.acquire(blocking=False), "another body is being read"
        try:
            return function(*arguments)
        finally:
            running.release()

    monkeypatch.setattr(module, name, alone)


async def test_files_are_read_one_at_a_time(tenant, monkeypatch):
    one_at_a_time(monkeypatch, upload, "_drained")
    paths = [await made(tenant, f"List {n}") for n in range(upload.FILES_EACH)]
    text = "phoneNumber\n" + "".join(f"{vn_mobile(n)}\n" for n in range(2000))
    responses = await asyncio.gather(*(send(tenant, one, text) for one in paths))
    assert [counts(response.json()) for response in responses] == [(2000, 0, 0)] * upload.FILES_EACH


async def test_numbers_in_json_are_checked_one_body_at_a_time(tenant, monkeypatch):
    one_at_a_time(monkeypatch, api, "check_all")
    dnc_list_id = await made(tenant)
    sent = [[{"phoneNumber": vn_mobile(900 * body + n)} for n in range(900)] for body in range(8)]
    reported = await asyncio.gather(*(add(tenant, dnc_list_id, numbers=numbers) for numbers in sent))
    assert [counts(one) for one in reported] == [(900, 0, 0)] * 8


async def test_body_that_waits_for_a_list_holds_no_connection(tenant, monkeypatch):
    running, once = asyncio.Lock(), api.once

    async def alone(*arguments):
        assert not running.locked(), "it would wait for the lock of the list, with a connection"
        async with running:
            return await once(*arguments)

    monkeypatch.setattr(api, "once", alone)
    dnc_list_id = await made(tenant)
    sent = [[{"phoneNumber": vn_mobile(900 * body + n)} for n in range(900)] for body in range(8)]
    reported = await asyncio.gather(*(add(tenant, dnc_list_id, numbers=numbers) for numbers in sent))
    assert [counts(one) for one in reported] == [(900, 0, 0)] * 8


async def test_list_waits_for_no_other_one(tenant, monkeypatch):
    both, once = asyncio.Barrier(2), api.once

    async def together(*arguments):
        async with both:
            return await once(*arguments)

    monkeypatch.setattr(api, "once", together)
    lists = [await made(tenant, f"List {n}") for n in range(2)]
    reported = await asyncio.gather(*(add(tenant, one, phoneNumber=vn_mobile(1)) for one in lists))
    assert [counts(one) for one in reported] == [(1, 0, 0)] * 2


async def test_file_that_is_one_too_many_is_refused_before_the_database_is_asked(tenant, monkeypatch):
    dnc_list_id = await made(tenant)
    monkeypatch.setattr(api, "_context", not_here)
    with ExitStack() as under_way:
        for _ in range(upload.FILES_EACH):
            under_way.enter_context(upload._shares.held(tenant.tenant_id, upload=True))
        message = refused(await send(tenant, dnc_list_id, "phone\n0901234567\n"), 429, "RATE_LIMIT_EXCEEDED")
    assert message == "The tenant has 4 uploads under way in a worker already"


async def send(tenant, dnc_list_id, text):
    path, headers = f"/v1/do-not-call/{dnc_list_id}/numbers", {"content-type": "text/csv"}
    return await tenant.post(path, content=text.encode(), headers=headers)


LARGE = 30_000
"""Rows of a file that is read by a process of its own."""


def not_here(*_):
    raise AssertionError("a large file is read in the process that answers requests")


async def test_large_file_is_read_by_a_process_of_its_own(tenant, monkeypatch):
    monkeypatch.setattr(upload, "_drained", not_here)
    dnc_list_id = await made(tenant)
    rows = [f"x{n},," if n % 1000 == 0 else f"{vn_mobile(n)},lý do {n},31/12/2998" for n in range(LARGE)]
    text = "phone,reason,expires\n" + "\n".join(rows)
    assert len(text) > upload.IN_THREAD
    reported = (await send(tenant, dnc_list_id, text)).json()
    assert (counts(reported), reported["warned"]) == ((LARGE - 30, 0, 30), 0)
    assert [(error["row"], error["phoneNumber"]) for error in reported["errors"]] == [
        (n + 1, f"x{n}") for n in range(0, LARGE, 1000)
    ]
    (table,) = reported["detected"]["tables"]
    assert (table["rows"], [column["use"] for column in table["columns"]]) == (
        LARGE,
        ["phoneNumber", "reason", "expiresAt"],
    )
    first = (await numbers(tenant, dnc_list_id, "size=1"))["data"][0]
    assert (first["phoneNumber"], first["reason"]) == (vn_mobile(1), "lý do 1")
    assert (await send(tenant, dnc_list_id, text)).json()["updated"] == LARGE - 30


async def test_large_files_have_the_space_of_their_tenant_and_small_ones_need_none(tenant, serving):
    dnc_list_id = await made(tenant)
    async with serving(tenant_spool_mb=1, min_free_mb=10**9) as client:  # below the floor they are taken all the same
        path, headers = f"/v1/do-not-call/{dnc_list_id}/numbers", {"content-type": "text/csv"} | tenant.key.headers
        for rows, status in ((200_000, 507), (30_000, 200), (1000, 200)):
            text = "phone\n" + "".join(f"{vn_mobile(n)}\n" for n in range(rows))
            response = await client.post(path, content=text.encode(), headers=headers)
            assert response.status_code == status, response.text
            if status == 507:
                assert "already have 1 MB" in refused(response, 507, "FAIL")


async def test_large_file_with_an_idempotency_key_is_added_once(tenant):
    dnc_list_id = await made(tenant)
    path = f"/v1/do-not-call/{dnc_list_id}/numbers"
    headers = {"content-type": "text/csv", "idempotency-key": "one"}
    text = "phone\n" + "".join(f"{vn_mobile(n)}\n" for n in range(LARGE))
    answers = [await tenant.post(path, content=text.encode(), headers=headers) for _ in range(2)]
    assert [counts(one.json()) for one in answers] == [(LARGE, 0, 0)] * 2
    assert "was used before" in refused(
        await tenant.post(path, content=(text + "0901234567\n").encode(), headers=headers), 400, "INVALID_INPUT"
    )


async def test_large_file_that_is_none_is_refused(tenant, monkeypatch):
    monkeypatch.setattr(upload, "_drained", not_here)
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    text = "phone,note\n" + f"0901234567,{'x' * 100}\n" * 3000 + '0901234568,"open'
    message = refused(await send(tenant, dnc_list_id, text), 400, "INVALID_INPUT")
    assert message == "The file ends within quotes that open in line 3002: it seems to be cut off"
    assert await tenant.checksum() == before


async def test_large_file_lists_as_many_faults_as_are_asked_for(tenant, monkeypatch):
    monkeypatch.setattr(upload, "_drained", not_here)
    dnc_list_id = await made(tenant)
    text = "phone,expires\n" + "".join(f"{vn_mobile(n)},soon after {n}\n" for n in range(15_000)) + "x,\n" * 300
    path, headers = f"/v1/do-not-call/{dnc_list_id}/numbers", {"content-type": "text/csv"}
    for asked in (0, 250, 10_000):
        reported = (await tenant.post(f"{path}?errors={asked}", content=text.encode(), headers=headers)).json()
        assert (reported["failed"], reported["warned"]) == (300, 15_000)
        assert [len(reported[of]) for of in ("errors", "warnings")] == [min(asked, 300), asked]
