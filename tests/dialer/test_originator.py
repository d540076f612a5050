"""The order in which campaigns are dialled."""

from hypothesis import given
from hypothesis import strategies as st

from tongdai.campaigns.model import RunningCampaign
from tongdai.campaigns.settings.model import CallSettings
from tongdai.dialer.originator import in_turn
from tongdai.ids import CampaignId, TenantId

CAMPAIGNS = st.lists(st.tuples(st.integers(1, 4), st.integers(-100, 100)), max_size=20)


def campaigns(drawn: list[tuple[int, int]]) -> list[RunningCampaign]:
    """Running campaigns of these tenants with these priorities."""
    return [
        RunningCampaign(TenantId(tenant), CampaignId(n), "A", "UTC", CallSettings(priority=priority))
        for n, (tenant, priority) in enumerate(drawn)
    ]


@given(CAMPAIGNS)
def test_priorities_of_a_tenant_do_not_delay_the_campaigns_of_another(drawn: list[tuple[int, int]]) -> None:
    order = in_turn(campaigns(drawn))
    assert sorted(one.campaign_id for one in order) == list(range(len(drawn)))
    first = [one.tenant_id for one in order[: len({tenant for tenant, _ in drawn})]]
    assert len(first) == len(set(first)), "each tenant has its first turn before any has a second"
    for tenant in first:
        own = [one.settings.priority for one in order if one.tenant_id == tenant]
        assert own == sorted(own, reverse=True)
