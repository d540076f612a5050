"""What calls return: frozen, with the wire's names as attributes in snake_case; the vendor's words stop here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

T = TypeVar("T")
Scalar = str | int | float | bool | None


class CampaignStatus(IntEnum):
    INPROCESS = 1
    RUNNING = 2
    PAUSED = 3
    STOPPED = 4


class ProcessStatus(IntEnum):
    PENDING = 0
    IN_CALL = 1
    PROCESSED = 2


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"
    """Signed in; the phone is being called."""
    IDLE = "idle"
    RESERVED = "reserved"
    """For a contact who is about to be talked to."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    HANGING_UP = "hanging_up"
    """Signed out; the phone is still to be hung up."""


class Outcome(StrEnum):
    """What became of a row of an import."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    FAILED = "failed"


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Fields that this version does not know are left out, so that a newer server is understood too."""


class Page(Result, Generic[T], frozen=True, kw_only=True):
    """Some of the records of a list."""

    total_record: int
    """How many there are on all pages."""
    data: list[T]


class Done(Result, frozen=True, kw_only=True):
    """A change that was made."""

    message: str = msgspec.field(name="error_message")
    """In words."""


class CallingWindow(msgspec.Struct, frozen=True):
    """Of these days ("mon" to "sun"), from a local time of the contact ("08:00") until another ("24:00" at most)."""

    days: Sequence[str]
    from_: str = msgspec.field(name="from")
    to: str


class RetryRule(msgspec.Struct, frozen=True, rename="camel"):
    """After such an outcome a contact is called again, so long after it, so many times (0: never)."""

    after_min: int
    times: int


class Ceiling(msgspec.Struct, frozen=True, rename="camel"):
    """At most so many calls in any span of that length; `period_hours` None is for ever."""

    calls: int
    period_hours: int | None = None


class CallSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a campaign calls: what is set here is sent, None clears a field or is its default.

    A new campaign that sends none is agentless and calls at any hour.
    """

    purpose: str | UnsetType = UNSET
    """advertising, collection, service or survey."""
    dialing_mode: str | UnsetType = UNSET
    """agentless, preview, progressive or predictive; all but the first need a queue."""
    queue_id: int | UnsetType | None = UNSET
    """Whose agents talk."""
    caller_id: str | UnsetType | None = UNSET
    trunk: str | UnsetType | None = UNSET
    audio_file: str | UnsetType | None = UNSET
    """What agentless calls play."""
    abandon_file: str | UnsetType | None = UNSET
    """What they hear for whom no agent came."""
    ring_timeout_sec: int | UnsetType = UNSET
    max_concurrent_calls: int | UnsetType = UNSET
    calls_per_second: int | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    """none, us_telemarketing or vn_advertising."""
    calling_windows: Sequence[CallingWindow] | UnsetType | None = UNSET
    """Within those of the preset; None: these."""
    retry_rules: Mapping[str, RetryRule] | UnsetType | None = UNSET
    """By outcome, instead of the usual ones."""
    contact_ceiling: Ceiling | UnsetType | None = UNSET
    number_ceiling: Ceiling | UnsetType | None = UNSET
    """Over all campaigns; needs a period."""
    abandonment_cap_percent: float | UnsetType = UNSET
    priority: int | UnsetType = UNSET

    def sent(self) -> dict[str, object]:
        """By the names of the wire."""
        values = {field.encode_name: getattr(self, field.name) for field in msgspec.structs.fields(self)}
        return {name: value for name, value in values.items() if value is not UNSET}


class Campaign(Result, frozen=True, kw_only=True):
    campaign_id: int
    name: str = msgspec.field(name="campaignName")
    type: str
    status: int
    """A `CampaignStatus`."""
    user_name: str | None
    """Who is in charge of it."""
    created_at: datetime
    contact_count: int
    pending_count: int
    in_call_count: int
    processed_count: int


class CampaignDetail(Campaign, frozen=True, kw_only=True):
    process_status: dict[str, int]
    """Contacts by `ProcessStatus`, whose digit is the key."""
    call_status: dict[str, int]
    """Contacts by the outcome of their last call."""
    purpose: str
    dialing_mode: str
    queue_id: int | None
    caller_id: str | None
    trunk: str | None
    audio_file: str | None
    abandon_file: str | None
    ring_timeout_sec: int
    max_concurrent_calls: int
    calls_per_second: int
    preset: str
    calling_windows: list[CallingWindow] | None
    retry_rules: dict[str, RetryRule] | None
    contact_ceiling: Ceiling | None
    number_ceiling: Ceiling | None
    abandonment_cap_percent: float
    priority: int
    effective_windows: list[CallingWindow]
    """Those of the preset, narrowed by the campaign's own."""
    effective_retry_rules: dict[str, RetryRule]
    """The usual ones, where the campaign has none of its own."""
    effective_number_ceilings: list[Ceiling]
    """The campaign's own and its preset's."""


class CampaignCreated(Done, frozen=True, kw_only=True):
    campaign_id: int


class ContactList(Result, frozen=True, kw_only=True):
    list_id: int
    name: str = msgspec.field(name="listName")
    contact_count: int


class Contact(Result, frozen=True, kw_only=True):
    contact_id: int
    customer_id: int
    """One for a number, in all campaigns."""
    phone_number: str
    name: str | None
    process_status: int
    """A `ProcessStatus`."""
    call_status: str | None
    """The outcome of the last call; None before the first."""
    external_id: str | None
    attributes: dict[str, Scalar] | None
    time_zone: str | None
    """Where it is called by the clock: an IANA name, several by commas; None when unknown."""


class ContactDetail(Contact, frozen=True, kw_only=True):
    list_id: int


class ContactAdded(Done, frozen=True, kw_only=True):
    contact_id: int
    list_id: int
    duplicate: bool
    """True when the campaign had the number already: the ids are that contact's, and nothing was made."""


class NewContact(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A contact to import."""

    phone_number: str
    name: str | None = None
    external_id: str | None = None
    attributes: dict[str, Scalar] | None = None
    time_zone: str | None = None
    """An IANA name; without one, that of the number."""


class ImportId(NamedTuple):
    """Names an import where only its ids are at hand."""

    campaign_id: int
    job_id: int


class Import(Protocol):
    """What names an import: an `ImportId`, an `ImportStarted` or an `ImportJob`."""

    @property
    def campaign_id(self) -> int: ...
    @property
    def job_id(self) -> int: ...


class ImportStarted(Done, frozen=True, kw_only=True):
    """An import that the server has taken over: from here on it survives any crash."""

    campaign_id: int = 0
    """The request's; answers do not repeat it."""
    job_id: int = msgspec.field(name="job_id")
    total_rows: int = msgspec.field(name="total_rows")


class ImportJob(Result, frozen=True, kw_only=True):
    campaign_id: int = 0
    """The request's; answers do not repeat it."""
    job_id: int
    status: str
    """pending, processing, done or failed."""
    total_rows: int
    processed_rows: int
    """Those created, duplicate and failed together."""
    failed_rows: int
    duplicate_rows: int
    error_message: str | None
    """Why it failed as a whole."""
    created_rows: int
    list_id: int | None
    """None when a dry run would have made the list."""
    list_name: str
    started_at: datetime | None
    finished_at: datetime | None
    dry_run: bool
    removed_rows: int
    """Contacts that an undo took back."""
    undone_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.status in {"done", "failed"}


class ImportRow(Result, frozen=True, kw_only=True):
    row: int
    """From 1; a header row is not counted."""
    phone_number: str | None
    external_id: str | None
    outcome: str
    """An `Outcome`."""
    reason: str | None
    reason_code: str | None
    contact_id: int | None
    """The contact made; of a duplicate the contact that it repeats."""


class ImportUndone(Done, frozen=True, kw_only=True):
    job_id: int = msgspec.field(name="job_id")
    removed_rows: int
    undone: bool
    """False while contacts are still being removed."""


class Queue(Result, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")
    name: str = msgspec.field(name="callinName")
    strategy: int
    """1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    moh_file_id: str | None = msgspec.field(name="musicinQueue")
    """The file of the music on hold."""
    max_wait_sec: int | None = msgspec.field(name="timeWait")
    """Seconds; 0 is no limit."""
    agent_selector: str | None
    announce_position: bool | None = msgspec.field(name="nguongRanhRoi")
    number: str | None = msgspec.field(name="callinNumber")


class QueueCreated(Done, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")


class Agent(Result, frozen=True, kw_only=True):
    agent_id: int
    name: str = msgspec.field(name="agentName")
    endpoint: str
    """The name of the phone's PJSIP endpoint."""
    queue_id: int
    wrap_up_sec: int
    state: str
    """An `AgentState`."""
    state_since: datetime
    leaving: bool
    """Signed out while talking: offline as soon as that is over."""
    call_id: UUID | None
    """The call that the agent is reserved for, or talks in."""
    created_at: datetime


class AgentCreated(Done, frozen=True, kw_only=True):
    agent_id: int


class Offer(Result, frozen=True, kw_only=True):
    """A contact that an agent looks at before it is called."""

    campaign_id: int
    contact_id: int
    phone_number: str
    name: str | None
    external_id: str | None
    attributes: dict[str, Scalar] | None
    attempts: int
    """How often it was called before."""
    offered_at: datetime
    lapses_at: datetime | None
    """When it may be offered to another agent; None once it is accepted."""
    accepted_at: datetime | None


class Offered(Done, frozen=True, kw_only=True):
    offer: Offer | None
    """None when no contact is due within its calling window."""


class DncList(Result, frozen=True, kw_only=True):
    """A list of numbers that are not called."""

    dnc_list_id: int
    name: str
    campaign_id: int | None
    """None: for every campaign."""
    entry_count: int
    """Those that have expired, too."""
    created_at: datetime


class DncListCreated(Done, frozen=True, kw_only=True):
    dnc_list_id: int


class DncNumber(Result, frozen=True, kw_only=True):
    phone_number: str
    reason: str | None
    expires_at: datetime | None
    """From then on it may be called; None: it never ends."""
    created_at: datetime


class NewDncNumber(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A number that is not to be called."""

    phone_number: str
    reason: str | None = None
    expires_at: datetime | None = None


class DncRowError(Result, frozen=True, kw_only=True):
    row: int
    """From 1; a header row is not counted."""
    phone_number: str | None
    reason: str


class DncNumbersAdded(Done, frozen=True, kw_only=True):
    added: int
    updated: int
    """Numbers that were there, and got the new reason and expiry."""
    failed: int
    errors: list[DncRowError]
    """The first hundred of those that failed."""


class DncMention(Result, frozen=True, kw_only=True):
    """A list that a number stands in."""

    dnc_list_id: int
    name: str
    campaign_id: int | None
    reason: str | None
    expires_at: datetime | None
    created_at: datetime


class DncCheck(Result, frozen=True, kw_only=True):
    phone_number: str
    listed: bool
    data: list[DncMention]


class Tenant(Result, frozen=True, kw_only=True):
    tenant_id: int
    name: str
    country: str
    time_zone: str
    """Of contacts whose own is unknown."""
    tenant_limit: int
    """Requests in 10 seconds."""
    route_limit: int
    created_at: datetime


class ApiKey(Result, frozen=True, kw_only=True):
    key_id: int
    name: str
    hint: str
    """Its first and last characters."""
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(Done, frozen=True, kw_only=True):
    key_id: int
    key: str | None
    """The value, shown this once. None when a repeated request finds that it was shown before."""
    scopes: list[str]
    expires_at: datetime | None

    def __repr__(self) -> str:
        # Results are printed and logged; keys must not be.
        return f"ApiKeyCreated(key_id={self.key_id}, key='…', scopes={self.scopes}, expires_at={self.expires_at})"
