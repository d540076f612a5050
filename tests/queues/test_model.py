"""The rules of a queue."""

import pytest

from tongdai.ids import QueueId
from tongdai.queues.model import VIP_HEAD_START_S, QueueRules, Strategy


@pytest.mark.parametrize("strategy", Strategy)
def test_only_callers_of_a_vip_queue_have_a_head_start(strategy: Strategy) -> None:
    rules = QueueRules(queue_id=QueueId(7), name="Sales", strategy=strategy)
    assert rules.head_start_s == (VIP_HEAD_START_S if strategy is Strategy.VIP else 0)
