"""A worker of the tests, which processes what their requests began."""

import asyncio
from datetime import timedelta

import pytest

from tongdai.db.pool import Pool
from tongdai.imports.worker import Worker


@pytest.fixture
def worker(pool: Pool) -> Worker:
    return Worker(pool, timedelta(seconds=30), asyncio.Event())
