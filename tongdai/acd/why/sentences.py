"""The reasons in sentences. Pure."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from tongdai.acd.why.model import AgentReason, AgentWhy, CallerReason, CallerWhy, Explanation
from tongdai.queues.model import Strategy

_NOT_RUNNING = "No telephony process is running: nobody is offered."
_AWAY = "Tongdai is not connected to the switch: nobody is offered."
_KEPT = "Somebody whom a campaign has called has answered, and gets the next agent."
OF_CALLER: Mapping[CallerReason | None, str] = {
    None: "An agent is free: they are about to be offered.",
    CallerReason.BEING_OFFERED: "They are being offered to agent {offered_to}.",
    CallerReason.CALLED_BACK: "They had asked to be called back: their phone is being called.",
    CallerReason.BEFORE_QUEUE: "They hear a menu or a message, and are not in the queue.",
    CallerReason.TELEPHONY_NOT_RUNNING: _NOT_RUNNING,
    CallerReason.SWITCH_AWAY: _AWAY,
    CallerReason.NO_AGENTS_SIGNED_IN: "No agent of the queue is signed in.",
    CallerReason.NO_AGENT_FREE: "No agent of the queue is free: {counts}.",
    CallerReason.CALLERS_FIRST: "The agents who are free get callers who come before.",
    CallerReason.PREFERRED_AGENT: "They wait for agent {preferred}{until}.",
    CallerReason.SKILL_MISSING: "No free agent of the queue has the skills that are needed{until}: {skills}.",
    CallerReason.KEPT_FOR_CAMPAIGN: _KEPT,
    CallerReason.TRIED_LATELY: (
        "They were offered to the agents who are free, in vain, and are not offered to them again{until}."
    ),
}
OF_AGENT: Mapping[AgentReason | None, str] = {
    None: "Free {since}: they get the next caller whom they may serve.",
    AgentReason.OFFLINE: "Offline {since}{why_offline}.",
    AgentReason.PHONE_CALLED: "They have signed in, and their phone is being called {since}.",
    AgentReason.SIGNING_OUT: "They are signing out {since}.",
    AgentReason.PAUSED: "Paused {since}: {pause_reason}.",
    AgentReason.UNREACHABLE: "The switch cannot reach their phone {since}.",
    AgentReason.BEING_OFFERED: "They are being offered a caller {since}{whose}.",
    AgentReason.CAMPAIGN_CALL: "Reserved for a call {since}{whose}.",
    AgentReason.TALKING: "Talking {since}{whose}.",
    AgentReason.WRAP_UP: "In wrap-up {since}{wrap_up_until}.",
    AgentReason.PHONE_BUSY: "Their phone is in a call of its own.",
    AgentReason.PHONE_NOT_GIVEN: "Their phone may not be called: an operator gives it with tongdai endpoint give.",
    AgentReason.TELEPHONY_NOT_RUNNING: _NOT_RUNNING,
    AgentReason.SWITCH_AWAY: _AWAY,
    AgentReason.OTHER_QUEUE_FIRST: "A caller of another queue comes before: {other_queue}.",
    AgentReason.OTHERS_PREFERRED: "The callers who wait prefer other agents{until}.",
    AgentReason.SKILL_MISSING: "They lack skills that the callers who wait need{until}: {skills}.",
    AgentReason.KEPT_FOR_CAMPAIGN: _KEPT,
    AgentReason.TRIED_LATELY: (
        "They were offered the callers who wait, in vain, and are not offered them again{until}."
    ),
}
_COUNTED = {
    AgentReason.PAUSED: "paused",
    AgentReason.UNREACHABLE: "unreachable",
    AgentReason.BEING_OFFERED: "being offered a caller",
    AgentReason.CAMPAIGN_CALL: "reserved for a call of a campaign",
    AgentReason.TALKING: "talking",
    AgentReason.WRAP_UP: "in wrap-up",
    AgentReason.PHONE_BUSY: "in a call of their own phone",
    AgentReason.PHONE_NOT_GIVEN: "without a phone that may be called",
}
_NEW_CALLERS = {
    Strategy.BLACKLIST: "The queue refuses new callers (strategy 3).",
    Strategy.DIVERT: "The queue sends new callers elsewhere (strategy 4).",
    Strategy.LOCKED: "The queue is locked: it takes no new callers (strategy 99).",
}


def of_queue(found: Explanation) -> str | None:
    """Why the queue takes no new callers; None: it does. Those who wait are served all the same."""
    rules = found.situation.rules[found.situation.queue_id]
    if rules.strategy in _NEW_CALLERS:
        return _NEW_CALLERS[rules.strategy]
    return None if rules.closed is None else "The queue is closed: it takes no new callers."


def of_caller(found: Explanation, one: CallerWhy) -> str:
    """The reason of a caller, and how many come before."""
    offer, before = one.facts.offer, one.position - 1
    sentence = OF_CALLER[one.reason].format(
        offered_to="" if offer is None else f"{offer.agent_name} ({offer.agent_id})",
        counts=_counted(found),
        preferred=_preferred(found, one),
        skills=_skills(found),
        until=_until(found, one.until),
    )
    if one.reason in {CallerReason.BEING_OFFERED, CallerReason.CALLED_BACK} or not before:
        return sentence
    return f"{sentence} {before} {'others are' if before > 1 else 'other is'} before them in the queue."


def _preferred(found: Explanation, one: CallerWhy) -> str:
    """The agent whom a caller waits for, by name if they are of the queue."""
    agent_id = one.facts.caller.preferred
    names = (facts.agent.name for facts in found.situation.agents if facts.agent.agent_id == agent_id)
    name = next(names, None)
    return str(agent_id) if name is None else f"{name} ({agent_id})"


def _counted(found: Explanation) -> str:
    """The agents who are signed in: `2 talking, 1 in wrap-up`."""
    return ", ".join(f"{found.counts[reason]} {_COUNTED[reason]}" for reason in _COUNTED if reason in found.counts)


def of_agent(found: Explanation, one: AgentWhy) -> str:
    """The reason of an agent."""
    agent, until = one.facts.agent, _until(found, one.until)
    if one.reason is None and one.first is not None:
        return "They are about to be offered a caller."
    return OF_AGENT[one.reason].format(
        since=f"since {_local(found, agent.state_since)}",
        until=until,
        why_offline="" if agent.offline_reason is None else f" ({agent.offline_reason})",
        pause_reason=agent.pause_reason,
        whose=_whose(found, one),
        wrap_up_until=until or (", until a code is set" if agent.code_needed else ""),
        other_queue=_other_queue(found, one),
        skills=_skills(found),
    )


def _whose(found: Explanation, one: AgentWhy) -> str:
    """The other queue, or the campaign, whose call an agent has."""
    call = one.facts.call
    if call is None or call.queue_id == found.situation.queue_id:
        return ""
    return f", of queue {call.queue_id}" if call.campaign_id is None else f", of campaign {call.campaign_id}"


def _other_queue(found: Explanation, one: AgentWhy) -> str:
    if one.first is None:
        return ""
    return f"{found.situation.rules[one.first.queue_id].name} ({one.first.queue_id})"


def _skills(found: Explanation) -> str:
    rules = found.situation.rules[found.situation.queue_id]
    return ", ".join(f"{rule.skill} {rule.level}" for rule in rules.skills)


def _until(found: Explanation, instant: datetime | None) -> str:
    return "" if instant is None else f" until {_local(found, instant)}"


def _local(found: Explanation, instant: datetime) -> str:
    """An instant in the tenant's time zone."""
    return f"{instant.astimezone(ZoneInfo(found.situation.zone)):%Y-%m-%d %H:%M:%S}"
