"""Wrap-up codes, and the rules by which agents wrap up the calls of a campaign or queue. Pure."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from tongdai.ids import CampaignId, CodeId, QueueId

MAX_NAME = 64
MAX_NOTE = 1000
MAX_CODES = 500
"""Codes of a tenant that are offered, and codes of a rule."""
MAX_TIMED_S = 3600
DNC_LIST = "Wrap-up codes"
"""The tenant's do-not-call list that takes the numbers of codes with the flag do-not-call."""


class WrapUpMode(StrEnum):
    """How a wrap-up ends."""

    OPTIONAL = "optional"
    """By the agent, or after their own wrap-up time; with a code or without."""
    MANDATORY = "mandatory"
    """When a code is set."""
    TIMED = "timed"
    """When a code is set, or after the rule's time without one."""


class Flags(NamedTuple):
    """The consequences of a code."""

    success: bool = False
    """The contact is done: it is not called again."""
    callback: bool = False
    """The contact is called again at a time that is sent with the code."""
    do_not_call: bool = False
    """The number is not to be called: it goes on a do-not-call list of the tenant, and the contact is done."""
    number_unusable: bool = False
    """The number does not reach the contact, who is done."""

    @property
    def contact_done(self) -> bool:
        return not self.callback and (self.success or self.do_not_call or self.number_unusable)


@dataclass(frozen=True, slots=True)
class Code:
    code_id: CodeId
    name: str
    flags: Flags


@dataclass(frozen=True, slots=True)
class Rule:
    mode: WrapUpMode = WrapUpMode.OPTIONAL
    timed_s: int | None = None
    """How long the wrap-up lasts without a code; of `timed` alone."""
    codes: tuple[CodeId, ...] | None = None
    """The codes that are offered, in that order; None: all codes of the tenant."""


DEFAULT_RULE = Rule()


@dataclass(frozen=True, slots=True)
class RuleOwner:
    """The campaign, or the queue of callers, that a rule is of."""

    campaign_id: CampaignId | None = None
    queue_id: QueueId | None = None

    def __post_init__(self) -> None:
        assert (self.campaign_id is None) != (self.queue_id is None), "a rule is of one of them"


class CodeRefusal(Enum):
    """Why a code was not created or changed."""

    NO_CODE = auto()
    NAME_TAKEN = auto()
    TOO_MANY = auto()
    CONTRADICTS = auto()
    """A callback, and a number that is not to be called or does not reach anybody."""
