"""Files of do-not-call numbers that arrive at the same time."""

import asyncio
import threading

from tests.support.do_not_call import counts, made
from tongdai.do_not_call.entries import upload
from tongdai.testing.factories import vn_mobile


async def test_files_are_read_one_at_a_time(tenant, monkeypatch):
    reading = threading.Lock()

    def alone(*arguments):
        assert reading.acquire(blocking=False), "another file is being read"
        try:
            return checked(*arguments)
        finally:
            reading.release()

    checked = upload._checked
    monkeypatch.setattr(upload, "_checked", alone)
    paths = [await made(tenant, f"List {n}") for n in range(upload.FILES_EACH)]
    text = "phoneNumber\n" + "".join(f"{vn_mobile(n)}\n" for n in range(2000))
    responses = await asyncio.gather(*(send(tenant, one, text) for one in paths))
    assert [counts(response.json()) for response in responses] == [(2000, 0, 0)] * upload.FILES_EACH


async def send(tenant, dnc_list_id, text):
    path, headers = f"/v1/do-not-call/{dnc_list_id}/numbers", {"content-type": "text/csv"}
    return await tenant.post(path, content=text.encode(), headers=headers)
