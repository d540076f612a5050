"""The order in which campaigns are dialled."""

from hypothesis import given
from hypothesis import strategies as st

from tongdai.campaigns.model import RunningCampaign
from tongdai.campaigns.settings.model import CallSettings
from tongdai.dialer.originator import in_turn

CAMPAIGNS = st.lists(st.tuples(st.integers(1, 4), st.integers(-100, 100)), max_size=20)


def campaigns(sent):
    return [
        RunningCampaign(tenant, place, "A", "UTC", CallSettings(priority=p)) for place, (tenant, p) in enumerate(sent)
    ]


@given(CAMPAIGNS)
def test_no_tenants_priorities_put_another_behind(sent):
    order = in_turn(campaigns(sent))
    assert sorted(one.campaign_id for one in order) == list(range(len(sent)))
    first = [one.tenant_id for one in order[: len({tenant for tenant, _ in sent})]]
    assert len(first) == len(set(first)), "each tenant has its first turn before any has a second"
    for tenant in first:
        own = [one.settings.priority for one in order if one.tenant_id == tenant]
        assert own == sorted(own, reverse=True)
