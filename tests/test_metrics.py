"""The number of series is bounded, whatever there is to count."""

from prometheus_client import REGISTRY

from tongdai.metrics import Counts


def total(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_calls_of_further_campaigns_are_counted_together() -> None:
    counts = Counts(max_campaigns=1)
    other = total("tongdai_campaign_calls_total", tenant="other", campaign="other", outcome="busy")
    all_calls = total("tongdai_calls_total", outcome="busy")
    for campaign in (71, 72, 71, 73):
        counts.call_ended(9101, campaign, "busy")
    assert total("tongdai_campaign_calls_total", tenant="9101", campaign="71", outcome="busy") == 2
    assert total("tongdai_campaign_calls_total", tenant="9101", campaign="72", outcome="busy") == 0
    assert total("tongdai_campaign_calls_total", tenant="other", campaign="other", outcome="busy") == other + 2
    assert total("tongdai_calls_total", outcome="busy") == all_calls + 4


def test_requests_and_rows_of_further_tenants_are_counted_together() -> None:
    counts = Counts(max_tenants=1)
    other = total("tongdai_tenant_requests_total", tenant="other")
    for tenant in (9201, 9202, None):
        counts.request_answered("GET", "/a", 200, 0.1, tenant)
    counts.flush_requests()
    assert total("tongdai_tenant_requests_total", tenant="9201") == 1
    assert total("tongdai_tenant_requests_total", tenant="other") == other + 1
    counts.import_rows(9201, "created", 5)
    counts.import_rows(9202, "created", 7)
    assert total("tongdai_tenant_import_rows_total", tenant="9201", outcome="created") == 5
    assert total("tongdai_tenant_import_rows_total", tenant="other", outcome="created") >= 7
