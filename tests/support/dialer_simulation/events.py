"""Random events of a world: requests of users, acts of agents, and faults of the store and the switch."""

import asyncio

from tests.support.dialer_simulation.plan import CALM, STORM
from tests.support.dialer_simulation.world import World
from tongdai.agents.model import AgentState
from tongdai.calls.model import CallState
from tongdai.campaigns.model import Status
from tongdai.campaigns.settings.values import Mode
from tongdai.ids import AgentId, CampaignId
from tongdai.testing.memory_store.model import PENDING


def list_number(world: World) -> None:
    """Put a number on a do-not-call list: one that is claimed and not dialled if there is any, else any other."""
    live = list(world.store.active.values())
    claimed = [call.phone for call in live if call.state is CallState.CLAIMED]
    if claimed:
        state, phones = "claimed", claimed
    elif live and world.rng.random() < 0.3:
        state, phones = "in call", [call.phone for call in live]
    else:
        state = "pending"
        phones = [contact.phone for contact in world.store.contacts.values() if contact.process_status == PENDING]
    if phones:
        chosen = world.rng.choice(phones)
        world.store.do_not_call(chosen)
        world.listed_at.setdefault(chosen, world.clock.now())
        world.saw(f"listed while {state}")


def delete_contact(world: World) -> None:
    """Delete a contact, half of the times one that has a live call, if any."""
    live = [call.contact_id for call in world.store.active.values()]
    if live and world.rng.random() < 0.5:
        contact_id = world.rng.choice(live)
    else:
        contact_id = world.rng.choice(list(world.store.contacts))
    if world.store.delete_contact(contact_id):
        world.deleted.add(contact_id)
        world.saw("contact deleted")
    else:
        world.saw("contact not deleted")


def pause_or_resume(world: World) -> None:
    campaign = world.rng.choice(list(world.store.campaigns.values()))
    if campaign.status is Status.RUNNING:
        pause(world, campaign.campaign_id)
        world.saw("campaign paused")
    else:
        world.store.move(campaign.campaign_id, Status.RUNNING)
        world.paused_at.pop(campaign.campaign_id, None)
        world.saw("campaign resumed")


def pause(world: World, campaign_id: CampaignId) -> None:
    world.store.move(campaign_id, Status.PAUSED)
    world.paused_at[campaign_id] = world.clock.now()


async def hold_dialing(world: World) -> None:
    """Hold dialing for a while, beginning when a call is claimed if one is soon."""
    for _ in range(500):
        if any(call.state is CallState.CLAIMED for call in world.store.active.values()):
            world.saw("dialing held while claimed")
            break
        await asyncio.sleep(0.01)
    world.store.held, world.held_at = True, world.clock.now()
    world.saw("dialing held")
    await asyncio.sleep(world.rng.uniform(1, 60))
    release_dialing(world)


def release_dialing(world: World) -> None:
    world.store.held, world.held_at = False, None


def _sign_in(world: World, agent_id: AgentId) -> None:
    if world.store.sign_in(agent_id):
        world.paused_agents.discard(agent_id)


def _sign_out(world: World, agent_id: AgentId) -> None:
    if world.store.sign_out(agent_id):
        world.paused_agents.discard(agent_id)


def sign_out_or_in(world: World) -> None:
    """Sign out half of the agents, or sign in all of them when more than a third is offline."""
    offline = [agent_id for agent_id, agent in world.store.agents.items() if agent.state is AgentState.OFFLINE]
    if len(offline) > len(world.store.agents) // 3:
        for agent_id in offline:
            _sign_in(world, agent_id)
    else:
        for agent_id in world.rng.sample(list(world.store.agents), len(world.store.agents) // 2):
            _sign_out(world, agent_id)
        world.saw("agents left in bulk")


def agent_hangs_up(world: World) -> None:
    """Have an agent hang up their phone; others sign in or end their wrap-up."""
    connected = [c for c in world.simulated._channels.values() if c.call.agent and c.state == "Up"]
    if connected:
        world.simulated._hung_up_by_callee(world.rng.choice(connected))
        world.saw("agent hung up")
    for agent_id in world.store.agents:
        if world.rng.random() < 0.5:
            _sign_in(world, agent_id)
        if world.store.ready(agent_id):
            world.paused_agents.discard(agent_id)


def pause_agent(world: World) -> None:
    """Pause an agent, perhaps one in a call, or make one ready who is paused."""
    agent_id = world.rng.choice(list(world.store.agents))
    if agent_id in world.paused_agents:
        if world.store.ready(agent_id):
            world.paused_agents.discard(agent_id)
            world.saw("agent ready again")
    elif world.store.pause_agent(agent_id, "lunch"):
        world.paused_agents.add(agent_id)
        world.saw("agent paused next" if world.store.agents[agent_id].call_id else "agent paused")


def use_phone(world: World) -> None:
    """Have an agent dial somebody on their phone, or somebody dial it."""
    agent = world.rng.choice(list(world.store.agents.values()))
    if agent.call_id is not None:
        world.saw("own call during a call")
    elif agent.channel_id is not None:
        world.saw("own call on a connected phone")
    world.simulated.use_phone(agent.endpoint, world.rng.uniform(1, 40))


def accept_preview(world: World) -> None:
    previewed = [
        contact.contact_id for contact in world.store.contacts.values()
        if world.store.campaigns[contact.campaign_id].settings.mode is Mode.PREVIEW
        and contact.process_status == PENDING and not contact.deleted
    ]  # fmt: skip
    if previewed and world.store.accept(world.rng.choice(list(world.store.agents)), world.rng.choice(previewed)):
        world.saw("preview accepted")


def change_faults(world: World) -> None:
    world.faults = world.rng.choice((CALM, STORM, STORM))


async def store_goes_away(world: World) -> None:
    world.store_away = True
    world.saw("store away")
    await asyncio.sleep(world.rng.uniform(1, 60))
    world.store_away = False


def cut_connection(world: World) -> None:
    world.simulated.cut(world.rng.choice((0.0, world.rng.uniform(0, 60))))
    world.saw("connection cut")


def restart_switch(world: World) -> None:
    world.simulated.restart(world.rng.uniform(0.5, 10))
    world.saw("switch restarted")
