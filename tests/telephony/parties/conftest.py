"""A live call that talks with an agent."""

from tests.calls.acts.conftest import campaign_id, floor, live

__all__ = ["campaign_id", "floor", "live"]
