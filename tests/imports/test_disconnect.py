"""A client that goes ends its stream; on a server as it runs."""

from contextlib import AsyncExitStack

import httpx2

from tests.support.servers import eventually, serving


async def test_events_end_when_their_client_goes(data_dir):
    """The engine stands still, so that the job never ends by itself; one stream is all that there may be."""
    async with serving(data_dir, max_event_streams=1) as server, AsyncExitStack() as stack:
        key = await server.key()
        async with httpx2.AsyncClient(base_url=server.url, headers=key.headers, timeout=30) as client:
            campaign_id = (await client.post("/v1/campaigns", json={"campaignName": "A"})).json()["campaignId"]
            await stack.enter_async_context(server.suspended("engine"))
            made = await client.post(
                f"/v1/campaigns/{campaign_id}/contacts/bulk", json={"contacts": [{"phoneNumber": "0900000001"}]}
            )
            path = f"/v1/campaigns/{campaign_id}/contacts/import/{made.json()['job_id']}/events"

            async def first_event():
                async with client.stream("GET", path) as response:
                    if response.status_code == 503:
                        return None
                    assert (await client.get(path)).status_code == 503
                    return await anext(response.aiter_bytes())

            for _ in range(3):
                reported = await eventually(first_event, 20, "the stream before it to end")
                assert reported.startswith(b"event: progress\ndata: {")
