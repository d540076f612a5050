"""Event streams that a server in the process of the tests has open."""

from prometheus_client import REGISTRY


def open_streams() -> int:
    return int(REGISTRY.get_sample_value("tongdai_http_event_streams") or 0)
