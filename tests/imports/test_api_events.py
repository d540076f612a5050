"""The events of a job over HTTP."""

import asyncio
from itertools import pairwise

from tests.support.api import refused
from tests.support.event_streams import open_streams
from tests.support.imports.job_requests import done, events_of, follow, place, small, working


async def test_events_begin_at_once_and_end_with_the_final_job(tenant, serving, pool):
    campaign_id = await tenant.campaign()
    job_id = await small(tenant, serving, campaign_id, [{"phoneNumber": f"090{n:07}"} for n in range(95)], 5)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow(tenant, campaign_id, job_id))
        while open_streams() == 0:
            await asyncio.sleep(0)
        async with working(pool):
            await following
    reported = following.result()
    assert [name for name, _ in reported[:-1]] == ["progress"] * (len(reported) - 1)
    assert reported[0][1]["status"] == "pending"
    processed = [job["processedRows"] for _, job in reported]
    assert processed == sorted(processed)
    assert all(before != after for before, after in pairwise(reported))
    name, last = reported[-1]
    assert name == "done"
    assert last == await tenant.done("GET", place(campaign_id, job_id))
    assert (last["status"], last["processedRows"]) == ("done", 95)
    assert open_streams() == 0


async def test_events_of_a_job_that_has_ended_are_its_end_alone(tenant, pool):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    await done(pool)
    job = await tenant.done("GET", place(campaign_id, job_id))
    assert await follow(tenant, campaign_id, job_id) == [("done", job)]
    stopped = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000002"}])
    await tenant.done("DELETE", place(campaign_id, stopped))
    ((name, job),) = await follow(tenant, campaign_id, stopped)
    assert (name, job["status"], job["errorMessage"]) == ("failed", "failed", "Stopped and undone")


async def test_events_beyond_the_tenants_quarter_are_refused_for_a_while(tenant, serving, pool):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    path = place(campaign_id, job_id, "/events")
    async with serving(max_event_streams=8) as client, asyncio.TaskGroup() as group:
        open_ones = [group.create_task(client.get(path, headers=tenant.key.headers)) for _ in range(2)]
        while open_streams() < 2:
            await asyncio.sleep(0)
        response = await client.get(path, headers=tenant.key.headers)
        assert "event streams" in refused(response, 503, "FAIL")
        assert int(response.headers["retry-after"]) > 0
        await done(pool)
        for one in open_ones:
            assert events_of((await one).text)[-1][0] == "done"
        assert (await client.get(path, headers=tenant.key.headers)).status_code == 200
