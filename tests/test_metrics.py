"""The number of series is bounded, whatever there is to count."""

import pytest
from prometheus_client import REGISTRY

from tongdai import metrics


def total(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One tenant and one campaign have series of their own, of those that a test counts first."""
    metrics.flush_requests()  # of tests before
    monkeypatch.setattr(metrics, "MAX_TENANTS", len(metrics._tenants) + 1)
    monkeypatch.setattr(metrics, "MAX_CAMPAIGNS", len(metrics._campaigns) + 1)


@pytest.mark.usefixtures("few")
def test_calls_of_further_campaigns_are_counted_together() -> None:
    other = total("tongdai_campaign_calls_total", tenant="other", campaign="other", outcome="busy")
    all_calls = total("tongdai_calls_total", outcome="busy")
    for campaign in (71, 72, 71, 73):
        metrics.call_ended(9101, campaign, "busy")
    assert total("tongdai_campaign_calls_total", tenant="9101", campaign="71", outcome="busy") == 2
    assert total("tongdai_campaign_calls_total", tenant="9101", campaign="72", outcome="busy") == 0
    assert total("tongdai_campaign_calls_total", tenant="other", campaign="other", outcome="busy") == other + 2
    assert total("tongdai_calls_total", outcome="busy") == all_calls + 4


@pytest.mark.usefixtures("few")
def test_requests_and_rows_of_further_tenants_are_counted_together() -> None:
    other = total("tongdai_tenant_requests_total", tenant="other")
    for tenant in (9201, 9202, None):
        metrics.request_answered("GET", "/a", 200, 0.1, tenant)
    metrics.flush_requests()
    assert total("tongdai_tenant_requests_total", tenant="9201") == 1
    assert total("tongdai_tenant_requests_total", tenant="other") == other + 1
    metrics.import_rows(9201, "created", 5)
    metrics.import_rows(9202, "created", 7)
    assert total("tongdai_tenant_import_rows_total", tenant="9201", outcome="created") == 5
    assert total("tongdai_tenant_import_rows_total", tenant="other", outcome="created") >= 7
