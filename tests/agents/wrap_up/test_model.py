"""Which codes end a contact."""

from itertools import product

import pytest

from tongdai.agents.wrap_up.model import Flags, RuleOwner
from tongdai.ids import CampaignId, QueueId


@pytest.mark.parametrize("values", list(product((False, True), repeat=4)))
def test_every_flag_but_a_callback_ends_the_contact(values: tuple[bool, bool, bool, bool]) -> None:
    success, callback, do_not_call, unusable = values
    assert Flags(*values).contact_done == (not callback and (success or do_not_call or unusable))


def test_a_rule_is_of_a_campaign_or_of_a_queue() -> None:
    assert RuleOwner(campaign_id=CampaignId(1)) != RuleOwner(queue_id=QueueId(1))
    with pytest.raises(AssertionError):
        RuleOwner()
    with pytest.raises(AssertionError):
        RuleOwner(CampaignId(1), QueueId(1))
