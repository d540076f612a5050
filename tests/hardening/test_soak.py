"""The soak of the edge, as short as it can be: `python -m tests.hardening.soak` runs it for an hour."""

import sys
from pathlib import Path

import pytest

from tests.hardening.soak import soak_for

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]


async def test_rounds_of_all_attacks_leave_nothing_behind(data_dir: Path) -> None:
    found = await soak_for(data_dir, 0, seed=1)
    assert found.problems == []
    assert found.statuses[200] > 0
