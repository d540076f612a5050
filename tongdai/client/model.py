"""What calls return: frozen, with the wire's names as attributes in snake_case; the vendor's words stop here."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec

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


class Tenant(Result, frozen=True, kw_only=True):
    tenant_id: int
    name: str
    country: str
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
