"""Both clients against a running server: every method, every failure, and faults of the network."""

import asyncio
import logging
import pickle
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

import tongdai_client as sdk
from tests.client.conftest import SOON, Caller, all_of, client_of, close, done, next_of
from tests.support.client_faults import LIMITED, LOSE_ANSWER, NO_CONNECTION, OVERLOAD, Fault, Plan
from tests.support.servers import PEPPER, Server
from tongdai.testing import factories
from tongdai_client import AsyncClient, Client, Retry

HTML = {"Content-Type": "text/html"}

# Every method


async def test_campaigns(caller: Caller) -> None:
    client = caller.client
    made = await done(client.create_campaign("Khảo sát", user_name="an"))
    assert made.message == "Campaign created"
    found = await done(client.campaign(made.campaign_id))
    assert (found.name, found.type, found.status, found.user_name) == ("Khảo sát", "CAMPAIGN_CALL_AUTO", 1, "an")
    assert found.created_at.tzinfo is not None
    assert (found.contact_count, found.process_status, found.call_status) == (0, {"0": 0, "1": 0, "2": 0}, {})
    await done(client.update_campaign(made.campaign_id, name="Hai", user_name=None))
    await done(client.start_campaign(made.campaign_id))
    assert [(c.name, c.user_name, c.status) for c in await all_of(client.campaigns(status=2))] == [("Hai", None, 2)]
    await done(client.pause_campaign(made.campaign_id))
    assert await all_of(client.campaigns(status=sdk.CampaignStatus.RUNNING)) == []
    await done(client.start_campaign(made.campaign_id))
    await done(client.stop_campaign(made.campaign_id))
    assert (await done(client.campaign(made.campaign_id))).status == sdk.CampaignStatus.STOPPED


async def test_contacts(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    attributes = {"tier": "gold", "visits": 3, "score": 1.5, "vip": True, "note": None}
    added = await done(
        client.add_contact(campaign_id, "+84901234567", name="null", external_id="CRM-1", attributes=attributes)
    )
    again = await done(client.add_contact(campaign_id, "0901 234 567"))
    assert (added.duplicate, again.duplicate, again.contact_id) == (False, True, added.contact_id)
    (only,) = await done(client.contact_lists(campaign_id))
    assert (only.list_id, only.name, only.contact_count) == (added.list_id, "Default List", 1)
    (contact,) = await all_of(client.contacts(campaign_id, only.list_id, phone_number="84901234567"))
    assert (contact.contact_id, contact.phone_number, contact.name) == (added.contact_id, "0901234567", "null")
    assert (contact.external_id, contact.attributes) == ("CRM-1", attributes)
    assert (contact.process_status, contact.call_status) == (sdk.ProcessStatus.PENDING, None)
    assert await all_of(client.contacts(campaign_id, only.list_id, external_id="CRM-2")) == []
    assert (await done(client.delete_contact(campaign_id, added.contact_id))).message == "Contact deleted successfully"
    assert await all_of(client.contacts(campaign_id, only.list_id)) == []


async def test_queues(caller: Caller) -> None:
    client = caller.client
    plain = await done(client.create_queue("Plain"))
    full = await done(
        client.create_queue("Full", number="1900636363", moh_file_id="a.wav", max_wait_sec=120, announce_position=True)
    )
    queue = await done(client.queue(full.queue_id))
    assert (queue.name, queue.number, queue.moh_file_id, queue.strategy) == ("Full", "1900636363", "a.wav", 1)
    assert (queue.max_wait_sec, queue.announce_position) == (120, True)
    await done(
        client.update_queue(full.queue_id, max_wait_sec=0, moh_file_id=None, announce_position=False, strategy=2)
    )
    queue = await done(client.queue(full.queue_id))
    assert (queue.max_wait_sec, queue.moh_file_id, queue.announce_position, queue.strategy) == (0, None, False, 2)
    (first, _) = await all_of(client.queues())
    assert (first.queue_id, first.max_wait_sec, first.announce_position) == (plain.queue_id, None, None)
    await done(client.delete_queue(plain.queue_id))
    assert await done(client.queues().total()) == 1


async def test_tenant_and_keys(caller: Caller, server: Server, kind: str) -> None:
    client = caller.client
    assert (await done(client.tenant())).tenant_id == caller.key.tenant_id
    made = await done(client.create_api_key(["campaign"], name="CRM"))
    assert made.key
    assert made.key not in repr(made) + str(made)
    (found,) = [key for key in await all_of(client.api_keys()) if key.key_id == made.key_id]
    assert (found.name, found.scopes, found.revoked_at) == ("CRM", ["campaign"], None)
    narrow = client_of(kind, server.url, made.key, Plan())
    with pytest.raises(sdk.InsufficientScope, match="scope admin") as refused:
        await done(narrow.tenant())
    assert (refused.value.status, refused.value.error_code) == (403, "INSUFFICIENT_SCOPE")
    await done(client.revoke_api_key(made.key_id))
    with pytest.raises(sdk.Unauthorized):
        await done(narrow.create_campaign("x"))
    await close(narrow)


async def test_a_platform_key_names_its_tenant(caller: Caller, server: Server, kind: str) -> None:
    async with server.database() as conn:
        platform = await factories.platform_key(conn, PEPPER.encode())
    client = client_of(kind, server.url, platform.value, Plan(), tenant_id=caller.key.tenant_id)
    assert (await done(client.tenant())).tenant_id == caller.key.tenant_id
    await close(client)


# Pages


async def test_pages_are_requested_as_they_are_needed(caller: Caller) -> None:
    client = caller.client
    ids = [(await done(client.create_queue(f"Q{n}"))).queue_id for n in range(7)]
    caller.plan.requests.clear()
    assert [queue.queue_id for queue in await all_of(client.queues(page_size=3))] == ids
    requested = [dict(request.url.params) for request in caller.plan.requests]
    assert [parameters.keys() for parameters in requested] == [{"cursor", "size"}] * 3
    assert (requested[0]["cursor"], len({parameters["cursor"] for parameters in requested})) == ("*", 3)
    pages = client.queues(page_size=7)
    assert [len(page.data) for page in await all_of(pages.pages())] == [7]
    assert await done(pages.total()) == 7
    assert ((await done(pages.page(5))).total_record, (await done(pages.page(5))).data) == (7, [])
    assert await all_of(client.campaigns(user_name="nobody")) == []


async def test_records_may_be_deleted_and_added_while_they_are_iterated_over(caller: Caller) -> None:
    client = caller.client
    ids = [(await done(client.create_queue(f"Q{n}"))).queue_id for n in range(9)]
    parts, deleted = client.queues(page_size=2).pages(), list[int]()
    while (part := await next_of(parts)) is not None:
        for queue in part.data:
            await done(client.delete_queue(queue.queue_id))
            deleted.append(queue.queue_id)
    assert deleted == ids
    assert await done(client.queues().total()) == 0


@pytest.mark.parametrize("size", [0, -1, 1001])
async def test_page_sizes_are_those_of_the_server(caller: Caller, size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        caller.client.queues(page_size=size)


# Failures


async def test_errors_carry_status_code_and_message_of_the_response(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    with pytest.raises(sdk.InvalidInput, match="campaignName") as invalid:
        await done(client.create_campaign(""))
    assert (invalid.value.status, invalid.value.error_code) == (400, "INVALID_INPUT")
    assert invalid.value.request_id
    assert invalid.value.retry_after is None
    with pytest.raises(sdk.InvalidState, match="Cannot pause"):
        await done(client.pause_campaign(campaign_id))
    with pytest.raises(sdk.NotFound, match="Campaign not found") as missing:
        await done(client.campaign(10**17))
    copied = pickle.loads(pickle.dumps(missing.value))
    assert (type(copied), vars(copied)) == (sdk.NotFound, vars(missing.value))
    assert issubclass(sdk.NotFound, sdk.ApiError)
    assert issubclass(sdk.ApiError, sdk.TongdaiError)


async def test_a_wrong_key_is_unauthorized_and_not_retried(server: Server, kind: str) -> None:
    plan = Plan()
    client = client_of(kind, server.url, "sk_live_wrong", plan)
    with pytest.raises(sdk.Unauthorized) as refused:
        await done(client.tenant())
    assert (refused.value.status, len(plan.requests)) == (401, 1)
    await close(client)


@pytest.mark.parametrize("bad", ["1", "1/../2", 0, -1, 1.0, True, None])
async def test_invalid_ids_do_not_become_paths(caller: Caller, bad: Any) -> None:
    with pytest.raises(ValueError, match="an id must be a positive integer"):
        await done(caller.client.campaign(bad))
    assert caller.plan.requests == []


async def test_call_of_an_agent_is_asked_for_by_the_id_that_the_agent_shows(caller: Caller) -> None:
    """`Agent.call_id` is a UUID, `Call.call_id` a text: both are taken."""
    call_id = uuid4()
    for one in (call_id, str(call_id)):
        with pytest.raises(sdk.NotFound, match="Call not found"):
            await done(caller.client.call(one))
        with pytest.raises(sdk.NotFound, match="Call not found"):
            await done(caller.client.hold_call(one))
    with pytest.raises(ValueError, match="invalid callId"):
        await done(caller.client.call("../agents/1"))


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ä", "a\nb", " a"])
async def test_invalid_idempotency_keys_are_refused(caller: Caller, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        await done(caller.client.create_campaign("x", idempotency_key=key))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(caller: Caller, status: int) -> None:
    caller.plan.faults = [Fault(refuse=status, headers={"Location": "http://127.0.0.1:1/v1/tenants/me"})]
    with pytest.raises(sdk.UnexpectedAnswer, match=str(status)):
        await done(caller.client.tenant())
    assert len(caller.plan.requests) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(refuse=200, headers=HTML, body=b"<html>Welcome"), sdk.UnexpectedAnswer),
        (Fault(refuse=200, body=b'{"tenantId":"many"}'), sdk.UnexpectedAnswer),
        (Fault(refuse=204), sdk.UnexpectedAnswer),
        (Fault(refuse=404, headers=HTML, body=b"<html>nginx"), sdk.NotFound),
        (Fault(refuse=413, headers=HTML, body=b"\xff"), sdk.InvalidInput),
        (Fault(refuse=500, body=b"null"), sdk.ServerFailed),
        (Fault(refuse=418, body=b"{}"), sdk.ServerFailed),
    ],
)
async def test_responses_of_intermediaries_become_errors(caller: Caller, fault: Fault, error: type[Exception]) -> None:
    caller.plan.faults = [fault]
    with pytest.raises(error):
        await done(caller.client.tenant())
    assert len(caller.plan.requests) == 1


async def test_unreachable_server_fails_after_all_tries(kind: str) -> None:
    plan = Plan()
    client = client_of(kind, "http://127.0.0.1:1", "sk_live_x", plan)
    with pytest.raises(sdk.ConnectionFailed, match=r"http://127\.0\.0\.1:1/v1/tenants/me"):
        await done(client.tenant())
    assert len(plan.requests) == SOON.tries
    await close(client)


# Retries


@pytest.mark.parametrize("fault", [NO_CONNECTION, OVERLOAD, LIMITED, Fault(refuse=502), Fault(refuse=504)])
async def test_transient_failures_are_retried(caller: Caller, fault: Fault) -> None:
    caller.plan.faults = [fault] * (SOON.tries - 1)
    assert (await done(caller.client.tenant())).tenant_id == caller.key.tenant_id
    assert len(caller.plan.requests) == SOON.tries


async def test_retries_end_with_the_last_failure(caller: Caller) -> None:
    caller.plan.faults = [NO_CONNECTION] * (SOON.tries - 1) + [LIMITED, LIMITED]
    with pytest.raises(sdk.RateLimited) as refused:
        await done(caller.client.tenant())
    assert (refused.value.status, refused.value.retry_after) == (429, 0)
    assert len(caller.plan.requests) == SOON.tries


async def test_a_retry_after_beyond_the_time_limit_is_not_waited_for(caller: Caller) -> None:
    caller.plan.faults = [Fault(refuse=503, headers={"Retry-After": "3600"})]
    with pytest.raises(sdk.ServerFailed) as refused:
        await done(caller.client.tenant())
    assert (refused.value.retry_after, len(caller.plan.requests)) == (3600, 1)


async def test_requests_whose_response_was_lost_take_effect_once(caller: Caller) -> None:
    client = caller.client
    caller.plan.faults = [LOSE_ANSWER, NO_CONNECTION, LOSE_ANSWER]
    campaign = await done(client.create_campaign("Once"))
    assert [c.campaign_id for c in await all_of(client.campaigns())] == [campaign.campaign_id]
    keys = [request.headers.get("idempotency-key") for request in caller.plan.requests]
    assert len(set(keys[:4])) == 1
    assert len(keys[0] or "") >= 32
    assert keys[4] is None
    caller.plan.faults = [LOSE_ANSWER]
    await done(client.start_campaign(campaign.campaign_id))
    caller.plan.faults = [LOSE_ANSWER]
    added = await done(client.add_contact(campaign.campaign_id, "0901234567"))
    assert not added.duplicate


async def test_each_call_has_a_key_of_its_own_unless_it_is_given_one(caller: Caller) -> None:
    made = [(await done(caller.client.create_campaign("A"))).campaign_id for _ in range(2)]
    given = [(await done(caller.client.create_campaign("A", idempotency_key="k"))).campaign_id for _ in range(2)]
    assert len({*made, *given}) == 3
    with pytest.raises(sdk.InvalidInput, match="Idempotency-Key"):
        await done(caller.client.create_campaign("B", idempotency_key="k"))


# Addresses and keys


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/api/v1", "/api/v1/", "/api"])
async def test_addresses_with_and_without_the_version(caller: Caller, server: Server, kind: str, path: str) -> None:
    client = client_of(kind, server.url + path, caller.key.value, Plan())
    assert (await done(client.tenant())).tenant_id == caller.key.tenant_id
    await close(client)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://x", "http://", "http://u:secret@x", "http://x?a=1", "http://x#a", "file:///x"]
)
@pytest.mark.parametrize("cls", [Client, AsyncClient])
def test_invalid_base_urls_are_refused(cls: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGDAI_URL", "http://127.0.0.1")
    with pytest.raises(ValueError, match="base_url") as refused:
        cls(url, "sk_live_key")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["", " ", "sk\nlive", "sk_live_khóa"])
@pytest.mark.parametrize("cls", [Client, AsyncClient])
def test_invalid_api_keys_are_refused(cls: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGDAI_API_KEY", "sk_live_other")
    with pytest.raises(ValueError, match="API key") as refused:
        cls("http://127.0.0.1", key)
    assert key.strip() == "" or key not in str(refused.value)


async def test_the_environment_gives_address_and_key(
    caller: Caller, server: Server, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGDAI_URL", server.url)
    monkeypatch.setenv("TONGDAI_API_KEY", f"{caller.key.value}\n")
    if kind == "blocking":
        with Client() as client:
            assert client.tenant().tenant_id == caller.key.tenant_id
    else:
        async with AsyncClient() as waiting:
            assert (await waiting.tenant()).tenant_id == caller.key.tenant_id


async def test_the_key_is_neither_shown_nor_logged(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await done(caller.client.tenant())
    assert caplog.records
    assert caller.key.value not in caplog.text
    session = caller.client.session
    shown = [caller.client, session, session.transport, session.transport.server, session.transport.http.headers]
    caller.plan.faults = [NO_CONNECTION] * SOON.tries
    with pytest.raises(sdk.ConnectionFailed) as failed:
        await done(caller.client.tenant())
    error = failed.value
    assert isinstance(error.__cause__, httpx2.RequestError)
    shown += [error, *error.args, error.__cause__, error.__cause__.request]
    assert caller.key.value not in " ".join(map(repr, shown))
    assert repr(caller.client) == f"{type(caller.client).__name__}('{session.transport.url}')"


@pytest.fixture
async def own_certificate(tmp_path: Path) -> AsyncIterator[tuple[str, Path, list[bytes]]]:
    """A TLS server with a self-signed certificate: its URL, the certificate, and the requests that it read."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    out = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *out], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}", certificate, requests
    server.close()
    await server.wait_closed()


async def test_certificates_are_verified_and_a_bad_one_is_not_retried(
    kind: str, own_certificate: tuple[str, Path, list[bytes]]
) -> None:
    url, certificate, requests = own_certificate
    # The blocking client in a thread: the server is on this loop.
    cls: Any = Client if kind == "blocking" else AsyncClient
    for trust, error in ((None, sdk.ConnectionFailed), (ssl.create_default_context(cafile=certificate), sdk.NotFound)):
        client = cls(url, "sk_live_x", ssl_context=trust, retry=Retry(tries=2, first_pause_s=3600, total_s=7200))
        with pytest.raises(error):
            await (asyncio.to_thread(client.tenant) if kind == "blocking" else client.tenant())
        await close(client)
    assert len(requests) == 1


def test_importing_the_sdk_loads_nothing_of_the_server() -> None:
    script = "import sys, tongdai_client; print(*(name for name in sys.modules if name.split('.')[0] == 'tongdai'))"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "\n"
