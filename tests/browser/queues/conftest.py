"""A queue for tests of queues."""

from collections.abc import Iterator

import httpx2
import pytest


@pytest.fixture
def queue(api: httpx2.Client) -> Iterator[int]:
    """A queue without agents."""
    queue_id = api.post("/queues/inbound", json={"callinName": "Đầu mối thử"}).json()["callinId"]
    yield queue_id
    api.delete(f"/queues/inbound/{queue_id}")
