"""Deletions that are repeated because their responses were lost."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import tongdai_client as sdk
from tests.client.conftest import SOON, Caller, close, done
from tests.support.client_faults import LIMITED, LOSE_ANSWER, OVERLOAD, REFUSED_CONNECTION, Fault
from tests.support.losing_proxy import losing_proxy
from tests.support.servers import Server
from tongdai_client import AsyncClient, Client

HTML = {"Content-Type": "text/html"}


async def deletions(client: Any) -> AsyncIterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Each method that deletes, with the arguments of something that is there."""
    yield client.delete_queue, ((await done(client.create_queue("Q"))).queue_id,)
    campaign_id = (await done(client.create_campaign("C"))).campaign_id
    yield client.delete_contact, (campaign_id, (await done(client.add_contact(campaign_id, "0901234567"))).contact_id)
    queue_id = (await done(client.create_queue("Q2"))).queue_id
    agent = await done(client.create_agent("An", endpoint="agent-1", queue_id=queue_id))
    yield client.delete_agent, (agent.agent_id,)
    dnc_list_id = (await done(client.create_dnc_list("D"))).dnc_list_id
    await done(client.add_dnc_number(dnc_list_id, "0901234567"))
    yield client.remove_dnc_number, (dnc_list_id, "0901234567")
    yield client.delete_dnc_list, (dnc_list_id,)


async def test_a_deletion_whose_answers_were_lost_is_done_and_another_one_is_not_found(
    caller: Caller, server: Server, kind: str
) -> None:
    with losing_proxy(server.url) as proxy:
        client: Any = Client(proxy.url, caller.key.value, retry=SOON)
        if kind == "waiting":
            client = AsyncClient(proxy.url, caller.key.value, retry=SOON)
        deleted = 0
        async for delete, arguments in deletions(client):
            proxy.lose = 2
            assert (await done(delete(*arguments))).message
            with pytest.raises(sdk.NotFound):
                await done(delete(*arguments))
            deleted += 1
        assert proxy.lost == 2 * deleted == 10
        await close(client)


@pytest.mark.parametrize("fault", [LOSE_ANSWER, OVERLOAD, Fault(refuse=502), Fault(refuse=504)])
async def test_a_404_counts_as_deleted_only_where_a_try_may_have_deleted(caller: Caller, fault: Fault) -> None:
    queue = await done(caller.client.create_queue("Q"))
    await done(caller.client.delete_queue(queue.queue_id))
    for harmless in ([], [LIMITED], [REFUSED_CONNECTION]):
        caller.plan.faults = harmless
        with pytest.raises(sdk.NotFound):
            await done(caller.client.delete_queue(queue.queue_id))
    caller.plan.faults = [fault]
    assert (await done(caller.client.delete_queue(queue.queue_id))).message == "Deleted"
    caller.plan.faults = [fault, Fault(refuse=404, headers=HTML, body=b"<html>nginx")]
    with pytest.raises(sdk.NotFound):
        await done(caller.client.delete_queue(queue.queue_id))
    caller.plan.faults = [fault]
    with pytest.raises(sdk.NotFound):
        await done(caller.client.queue(queue.queue_id))
