"""The calls of the demo tenant: two campaigns that run from the first start, and agents, who serve the callers of its
queues too."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice

from tongdai.agents import roster
from tongdai.agents import store as agents
from tongdai.agents.actions import store as actions
from tongdai.agents.model import AUTO_PAUSE_REASON, Membership
from tongdai.agents.model import Mode as AgentMode
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import DEFAULT_TYPE, Action
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode, Preset, RetryRule
from tongdai.contacts import bulk_store
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import ContactRefusal, list_named
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.switch.simulated import callees

CONTACTS = 400
"""Number of contacts of each campaign."""
AGENTS = ("Lan", "Minh", "Hoa", "Tuan", "Mai")
AWAY = "Long"
"""An agent of mode ring, who is mostly not at the phone."""
ENDPOINT = "demo-agent-"
"""Beginning of the names of their phones."""
# Sooner than one would call people again: to be seen in a demo.
# The numbers may be somebody's: no Asterisk has a trunk of that name, and the simulated switch takes any.
TRUNK = "simulated"
RETRIES = {"no_answer": RetryRule(timedelta(minutes=3), 2), "busy": RetryRule(timedelta(minutes=1), 2)}

Person = tuple[str, str]
"""A person: number and name."""


async def create(conn: Connection, tenant_id: TenantId, queues: Sequence[QueueId], people: Iterable[Person]) -> None:
    """Create the campaigns and agents, within the caller's transaction. The agents serve all of the queues."""
    queue_id, *others = queues
    members = [Membership(other) for other in others]
    for place, name in enumerate(AGENTS, 1):
        phone = f"{ENDPOINT}{place}"
        await roster.create(conn, tenant_id, name, phone, queue_id, wrap_up_s=5, by=None, queues=members)
    away = f"{ENDPOINT}{len(AGENTS) + 1}{callees.AWAY}"
    await roster.create(
        conn, tenant_id, AWAY, away, queue_id, wrap_up_s=5, by=None, mode=AgentMode.RING, queues=members
    )
    left = iter(people)
    for name, settings in (
        (
            "Nhắc lịch hẹn",
            CallSettings(trunk=TRUNK, preset=Preset.NONE, max_calls=10, calls_per_second=1, retries=RETRIES),
        ),
        (
            "Khảo sát hài lòng",
            CallSettings(
                mode=Mode.PREDICTIVE,
                queue_id=queue_id,
                trunk=TRUNK,
                preset=Preset.NONE,
                max_calls=20,
                calls_per_second=2,
                retries=RETRIES,
            ),
        ),
    ):
        await _campaign(conn, tenant_id, name, settings, list(islice(left, CONTACTS)))


async def _campaign(
    conn: Connection, tenant_id: TenantId, name: str, settings: CallSettings, people: list[Person]
) -> None:
    campaign = await campaigns.create(conn, tenant_id, name, DEFAULT_TYPE, None, None, settings)
    list_id = await list_named(conn, tenant_id, campaign.campaign_id, "Demo")
    rows = [NewContact(phone=number, name=person) for number, person in people]
    added = await bulk_store.add_many(conn, tenant_id, campaign.campaign_id, list_id, rows)
    assert not isinstance(added, ContactRefusal)
    await campaigns.move(conn, tenant_id, campaign.campaign_id, Action.START, None)


async def sign_in(conn: Connection, tenant_id: TenantId) -> None:
    """Sign in the demo's agents. Their phones ended with the server that ran the simulated switch, so agents whom the
    store still has at a phone are set offline first: reconciliation would do so after they have signed in."""
    everybody, _ = await roster.page(conn, tenant_id, 2**31, 0, queue_id=None, state=None)
    for agent in everybody:
        if not agent.endpoint.startswith(ENDPOINT):
            continue
        if agent.channel_id is not None:
            await agents.gone(conn, agent.channel_id)
        await actions.sign_in(conn, tenant_id, agent.agent_id, None)
        if agent.pause_reason == AUTO_PAUSE_REASON:
            await actions.ready(conn, tenant_id, agent.agent_id, None)
