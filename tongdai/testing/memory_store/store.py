"""The dialer's store in memory, by a given clock: what `PostgresStore` does, without a database.

The methods of `MemoryRequests` do what requests of the API do: they change campaigns, contacts, lists and agents. Each
method of `DialerStore` is one step that nothing comes between.
"""

from tongdai.testing.memory_store.agents import MemoryAgents
from tongdai.testing.memory_store.calls import MemoryCalls
from tongdai.testing.memory_store.campaigns import MemoryCampaigns
from tongdai.testing.memory_store.requests import MemoryRequests


class MemoryStore(MemoryRequests, MemoryCampaigns, MemoryCalls, MemoryAgents):
    """Implements `DialerStore` for one tenant."""
