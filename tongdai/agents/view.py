"""Agents and offered contacts in requests and responses."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.agents.model import (
    DEFAULT_WRAP_UP_S,
    MAX_LEVEL,
    MAX_NAME,
    MAX_POSITION,
    MAX_QUEUES,
    MAX_SKILL,
    MAX_SKILLS,
    MAX_WRAP_UP_S,
    PREVIEW_LASTS,
    Agent,
    AgentState,
    Membership,
    Mode,
    NextState,
    OfflineReason,
    Preview,
    Roles,
    Skill,
)
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.http.request import Request
from tongdai.ids import AgentId, QueueId
from tongdai.text import SWITCH_NAME

_ENDPOINT = re.compile(SWITCH_NAME)
SCHEMA: dict[str, dict[str, Any]] = {
    "agentName": {"minLength": 1, **NAME},
    "endpoint": {"pattern": f"^{SWITCH_NAME}$"},
    "queueId": dict(ID),
    "wrapUpSec": {"minimum": 0, "maximum": MAX_WRAP_UP_S},
    "mode": {"enum": [mode.value for mode in Mode]},
    "teamId": dict(ID),
    "queues": {"maxItems": MAX_QUEUES},
    "skills": {"maxItems": MAX_SKILLS},
}
MEMBER_SCHEMA: dict[str, dict[str, Any]] = {
    "queueId": dict(ID),
    "position": {"minimum": 1, "maximum": MAX_POSITION},
}
SKILL_SCHEMA: dict[str, dict[str, Any]] = {
    "skill": {"minLength": 1, "maxLength": MAX_SKILL, "pattern": NAME["pattern"]},
    "level": {"minimum": 1, "maximum": MAX_LEVEL},
}


class QueueMember(msgspec.Struct, forbid_unknown_fields=True):
    queueId: int
    """A queue whose calls the agent takes."""
    position: int = 1
    """The agent's place in the queue's order of agents."""


class AgentSkill(msgspec.Struct, forbid_unknown_fields=True):
    skill: str
    """Name of the skill."""
    level: int = 1
    """How well the agent has it, 1 to 10."""


class NewAgent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    agentName: str
    """Name of the agent."""
    endpoint: str | UnsetType = UNSET
    """Name of the PJSIP endpoint of the agent's phone, unique in the tenant. Without it a SIP account is made."""
    queueId: int
    """The agent's own queue, whose calls the agent takes."""
    wrapUpSec: int = DEFAULT_WRAP_UP_S
    """Seconds after each call before the agent gets another."""
    mode: str = Mode.NAILED_UP.value
    """How the phone is connected: `nailed_up`, called at sign-in and connected until sign-out; `ring`, called for each
    call of a caller. Only while the agent is offline."""
    teamId: int | None = None
    """Your own number of the agent's team."""
    queues: list[QueueMember] = []
    """All queues whose calls the agent takes; the agent's own is always one of them."""
    skills: list[AgentSkill] = []
    """All skills of the agent."""


class AgentChange(msgspec.Struct, forbid_unknown_fields=True):
    agentName: str | UnsetType = UNSET
    """Name of the agent."""
    endpoint: str | UnsetType = UNSET
    """Name of the PJSIP endpoint of the agent's phone, unique in the tenant; only while the agent is offline."""
    queueId: int | UnsetType = UNSET
    """The agent's own queue, from the next call on. Without `queues` it takes the place of the one before."""
    wrapUpSec: int | UnsetType = UNSET
    """Seconds after each call before the agent gets another."""
    mode: str | UnsetType = UNSET
    """How the phone is connected: `nailed_up`, called at sign-in and connected until sign-out; `ring`, called for each
    call of a caller. Only while the agent is offline."""
    teamId: int | UnsetType | None = UNSET
    """Your own number of the agent's team."""
    queues: list[QueueMember] | UnsetType = UNSET
    """All queues whose calls the agent takes; the agent's own is always one of them."""
    skills: list[AgentSkill] | UnsetType = UNSET
    """All skills of the agent."""


class AgentView(msgspec.Struct, kw_only=True):
    agentId: int
    """The agent."""
    agentName: str
    """Name of the agent."""
    endpoint: str
    """Name of the PJSIP endpoint of the agent's phone."""
    queueId: int
    """The agent's own queue."""
    teamId: int | None
    """Your own number of the agent's team; null: none."""
    mode: Annotated[str, one_of(Mode)]
    """How the phone is connected: `nailed_up`, called at sign-in and connected until sign-out; `ring`, called for each
    call of a caller."""
    queues: list[QueueMember]
    """The queues whose calls the agent takes, by position, with the agent's own."""
    skills: list[AgentSkill]
    """The skills of the agent, by name."""
    wrapUpSec: int
    """Seconds after each call before the agent gets another."""
    state: Annotated[str, one_of(AgentState)]
    """State of the agent: offline; calling, their phone is being called; idle; reserved for a call that is being
    placed; alerting, their phone rings for a caller; talking; wrap_up; paused; unreachable, the switch cannot reach the
    phone; hanging_up, signed out and the phone not free yet."""
    stateSince: datetime
    """Since when the agent is in that state."""
    nextState: Annotated[str, one_of(NextState)] | None
    """The state of the agent, instead of idle, when the present call and its wrap-up have ended; offline as soon as the
    call has. Null: idle."""
    pauseReason: str | None
    """Why the agent is paused, or will be; `no_answer` after several unanswered offers in a row. Null: not paused."""
    wrapUpUntil: datetime | None
    """When the wrap-up ends by itself; null: the agent is not in wrap-up, or the call needs a code."""
    wrapUpCodeNeeded: bool
    """Whether the wrap-up ends early, or at all, only with a code."""
    missed: int
    """Offers in a row that were not answered."""
    phoneReachable: bool
    """Whether the switch can reach the phone, as it last reported."""
    busyElsewhere: bool
    """Whether the phone is in a call that is not ours: the agent gets no call until it has ended."""
    signOutPending: bool
    """Whether `nextState` is `offline`."""
    offlineReason: Annotated[str, one_of(OfflineReason)] | None
    """Why the agent went offline; null before the first time, and while signed in."""
    callId: UUID | None
    """The call that the agent is reserved for or talks in; null: none."""
    createdAt: datetime
    """When the agent was created."""


class AgentPage(Listed, kw_only=True):
    data: list[AgentView]
    """The agents, by id."""


class NewPreview(msgspec.Struct, forbid_unknown_fields=True):
    campaignId: int
    """The preview campaign to take a contact of."""


class OfferView(msgspec.Struct, kw_only=True):
    campaignId: int
    """The campaign that calls."""
    contactId: int
    """The contact to look at."""
    phoneNumber: str
    """Its number."""
    name: str | None
    """Its name."""
    externalId: str | None
    """The caller's own reference of the contact."""
    attributes: dict[str, Any] | None
    """The caller's own data of the contact."""
    attempts: int
    """How often it was called before."""
    offeredAt: datetime
    """When it was offered."""
    lapsesAt: datetime | None
    """When it may be offered to another agent; null once it is accepted."""
    acceptedAt: datetime | None
    """When the agent accepted it; null before."""


class Offered(Done, kw_only=True):
    offer: OfferView | None
    """The contact offered; null: none is due within its calling window."""


def check(sent: NewAgent | AgentChange) -> None:
    """Check the fields of a request; InvalidInput names the field and what is expected."""
    if not isinstance(sent.agentName, UnsetType):
        body.text_field("agentName", sent.agentName, MAX_NAME, min_length=1)
    if not isinstance(sent.endpoint, UnsetType) and not _ENDPOINT.fullmatch(sent.endpoint):
        expected = "1 to 64 of A-Z, a-z, 0-9, _ and -, the name of a PJSIP endpoint"
        raise InvalidInput(f"endpoint must be {expected}, not {shown(sent.endpoint)!r}")
    if not isinstance(sent.queueId, UnsetType):
        ids.from_body("queueId", sent.queueId)
    if not isinstance(sent.wrapUpSec, UnsetType) and not 0 <= sent.wrapUpSec <= MAX_WRAP_UP_S:
        raise InvalidInput(f"wrapUpSec must be seconds, 0 to {MAX_WRAP_UP_S}, not {shown(sent.wrapUpSec)}")
    if not isinstance(sent.mode, UnsetType) and sent.mode not in set(Mode):
        raise InvalidInput(f"mode must be one of {', '.join(Mode)}, not {shown(sent.mode)!r}")
    if not isinstance(sent.teamId, UnsetType) and sent.teamId is not None:
        ids.from_body("teamId", sent.teamId)
    if not isinstance(sent.queues, UnsetType):
        _check_queues(sent.queues)
    if not isinstance(sent.skills, UnsetType):
        _check_skills(sent.skills)


def _check_queues(queues: list[QueueMember]) -> None:
    _check_list("queues", MAX_QUEUES, [queue.queueId for queue in queues])
    for queue in queues:
        ids.from_body("queues.queueId", queue.queueId)
        if not 1 <= queue.position <= MAX_POSITION:
            raise InvalidInput(f"queues.position must be 1 to {MAX_POSITION}, not {shown(queue.position)}")


def _check_skills(skills: list[AgentSkill]) -> None:
    _check_list("skills", MAX_SKILLS, [skill.skill for skill in skills])
    for skill in skills:
        body.text_field("skills.skill", skill.skill, MAX_SKILL, min_length=1)
        if not 1 <= skill.level <= MAX_LEVEL:
            raise InvalidInput(f"skills.level must be 1 to {MAX_LEVEL}, not {shown(skill.level)}")


def _check_list(name: str, longest: int, keys: Sequence[int | str]) -> None:
    if len(keys) > longest:
        raise InvalidInput(f"{name} must have at most {longest} entries, not {len(keys)}")
    if len(set(keys)) < len(keys):
        raise InvalidInput(f"{name} must not name the same one twice")


def members(queues: Iterable[QueueMember]) -> tuple[Membership, ...]:
    return tuple(Membership(QueueId(queue.queueId), queue.position) for queue in queues)


def skills_of(skills: Iterable[AgentSkill]) -> tuple[Skill, ...]:
    return tuple(Skill(skill.skill, skill.level) for skill in skills)


def agent_view(agent: Agent, roles: Roles) -> AgentView:
    return AgentView(
        agentId=agent.agent_id,
        agentName=agent.name,
        endpoint=agent.endpoint,
        queueId=agent.queue_id,
        teamId=agent.team_id,
        mode=agent.mode,
        queues=[QueueMember(queue.queue_id, queue.position) for queue in roles.queues],
        skills=[AgentSkill(skill.skill, skill.level) for skill in roles.skills],
        wrapUpSec=agent.wrap_up_s,
        state=agent.state,
        stateSince=agent.state_since,
        nextState=agent.next_state,
        pauseReason=agent.pause_reason,
        wrapUpUntil=agent.wrap_up_until,
        wrapUpCodeNeeded=agent.state is AgentState.WRAP_UP and agent.code_needed,
        missed=agent.missed,
        phoneReachable=agent.phone_reachable,
        busyElsewhere=agent.busy_elsewhere,
        signOutPending=agent.next_state is NextState.OFFLINE,
        offlineReason=agent.offline_reason,
        callId=agent.call_id,
        createdAt=agent.created_at,
    )


def offer_view(offer: Preview, country: str) -> OfferView:
    """An offer as shown, its number in the national format of the tenant's country. Accepted offers do not lapse."""
    return OfferView(
        campaignId=offer.campaign_id,
        contactId=offer.contact_id,
        phoneNumber=phone.formatted(offer.phone, country),
        name=offer.name,
        externalId=offer.external_id,
        attributes=offer.attributes,
        attempts=offer.attempts,
        offeredAt=offer.offered_at,
        lapsesAt=None if offer.accepted_at is not None else offer.offered_at + PREVIEW_LASTS,
        acceptedAt=offer.accepted_at,
    )


AGENT_SAMPLE: dict[str, Any] = {
    "agentId": 7,
    "agentName": "Tran Thi B",
    "endpoint": "agent-7",
    "queueId": 1001226,
    "teamId": None,
    "mode": "nailed_up",
    "queues": [{"queueId": 1001226, "position": 1}],
    "skills": [{"skill": "english", "level": 5}],
    "wrapUpSec": 10,
    "state": "idle",
    "stateSince": "2026-03-10T02:00:00Z",
    "nextState": None,
    "pauseReason": None,
    "wrapUpUntil": None,
    "wrapUpCodeNeeded": False,
    "missed": 0,
    "phoneReachable": True,
    "busyElsewhere": False,
    "signOutPending": False,
    "offlineReason": None,
    "callId": None,
    "createdAt": "2026-03-01T02:00:00Z",
}
OFFER_SAMPLE: dict[str, Any] = {
    "campaignId": 1042,
    "contactId": 88001,
    "phoneNumber": "0901234567",
    "name": "Nguyen Van A",
    "externalId": "CRM-1",
    "attributes": {"balance": 120000},
    "attempts": 1,
    "offeredAt": "2026-03-10T02:00:00Z",
    "lapsesAt": "2026-03-10T02:05:00Z",
    "acceptedAt": None,
}


def agent_of(request: Request) -> AgentId:
    """The agent in the path; NotFound when the id is malformed."""
    return AgentId(ids.from_path(request.path_params["id"], "Agent"))
