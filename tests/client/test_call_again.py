"""Calling processed contacts again by both clients."""

import json

import pytest

import tongdai_client as sdk
from tests.client.conftest import Caller, done
from tests.support.client_faults import Fault
from tests.support.contacts import move_within
from tests.support.servers import Server
from tongdai.ids import TenantId


async def test_contacts_are_called_again(caller: Caller, server: Server) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    ids = [(await done(client.add_contact(campaign_id, f"090100000{n}"))).contact_id for n in range(3)]
    async with server.database() as conn, conn.transaction():
        for contact_id, outcome in zip(ids, ("busy", "busy", "answered"), strict=True):
            await move_within(conn, TenantId(caller.key.tenant_id), contact_id, 2, outcome)
    counted = await done(client.call_again(campaign_id, call_status=["busy"], dry_run=True))
    assert (counted.due_again, counted.by_call_status) == (2, {"busy": 2})
    again = await done(client.call_again(campaign_id, call_status=["busy"]))
    assert (again.due_again, again.message) == (2, "2 contacts will be called again")
    assert (await done(client.call_again(campaign_id, contact_ids=ids))).by_call_status == {"answered": 1}
    with pytest.raises(sdk.InvalidInput, match="which contacts"):
        await done(client.call_again(campaign_id))


async def test_many_contacts_are_called_again_in_steps(caller: Caller) -> None:
    """Answers of the test: a step of the server takes thousands."""
    steps = [
        b'"dueAgain":3,"byCallStatus":{"no_answer":2,"busy":1},"doNotCall":1,"overCap":0,"pending":3,"inCall":2,"notFound":1,"next":70}',
        b'"dueAgain":1,"byCallStatus":{"busy":1},"doNotCall":0,"overCap":2,"pending":0,"inCall":0,"notFound":0,"next":90}',
        b'"dueAgain":0,"byCallStatus":{},"doNotCall":0,"overCap":0,"pending":0,"inCall":0,"notFound":0,"next":null}',
    ]
    head = b'{"success":"1","error_code":"SUCCESS","error_message":"done",'
    caller.plan.faults = [Fault(refuse=200, body=head + step) for step in steps]
    so_far: list[tuple[int, int | None]] = []
    again = await done(
        caller.client.call_again(1, list_id=2, progress=lambda now: so_far.append((now.due_again, now.next)))
    )
    assert so_far == [(3, 70), (4, 90), (4, None)]
    assert (again.due_again, again.by_call_status) == (4, {"busy": 2, "no_answer": 2})
    assert (again.do_not_call, again.over_cap) == (1, 2)
    assert (again.pending, again.in_call, again.not_found) == (3, 2, 1)
    assert [json.loads(request.content)["after"] for request in caller.plan.requests] == [0, 70, 90]
    assert len({request.headers["idempotency-key"] for request in caller.plan.requests}) == 3
