"""Value types of campaign settings: modes, purposes, presets, frequency caps and retry rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tongdai.call_outcome import Outcome

EVER = timedelta.max
"""The period of a frequency cap that is never replenished."""
DAY = timedelta(hours=24)


class Mode(StrEnum):
    """How a campaign dials."""

    AGENTLESS = "agentless"
    """The person who answers hears an audio file."""
    PREVIEW = "preview"
    """A contact is called after an agent has looked at it and accepted it."""
    PROGRESSIVE = "progressive"
    """One call for each idle agent."""
    PREDICTIVE = "predictive"
    """More calls than idle agents, for agents who are expected to become idle."""


class Purpose(StrEnum):
    """The purpose of a campaign's calls, on which the law depends."""

    ADVERTISING = "advertising"
    COLLECTION = "collection"
    SERVICE = "service"
    SURVEY = "survey"


class Preset(StrEnum):
    """When a campaign may call at most: the law that it complies with, or its tenant's hours.

    docs/calling-rules.md names the sources.
    """

    NONE = "none"
    """Any hour."""
    TENANT_HOURS = "tenant_hours"
    """The tenant's default calling hours, unless the campaign has windows of its own."""
    US_TELEMARKETING = "us_telemarketing"
    """47 CFR 64.1200(c)(1), 16 CFR 310.4(c): 08:00 to 21:00 at the called person's location."""
    VN_ADVERTISING = "vn_advertising"
    """Decree 91/2020/ND-CP: 08:00 to 17:00, one call to a number in 24 hours."""


class MachineDetection(StrEnum):
    """Whether a campaign detects answering machines, and what happens to a call that one answered."""

    OFF = "off"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most `calls` calls in any span of `period`."""

    calls: int
    period: timedelta
    """The length of the span; EVER: all time."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Call a contact again `after` a call with some outcome ended, at most `times` times (0: never)."""

    after: timedelta
    times: int


NEVER = RetryRule(timedelta(0), 0)
RETRIES: Mapping[str, RetryRule] = {
    outcome.value: RetryRule(*outcome.traits.retry) for outcome in Outcome if outcome.traits.retry is not None
}
"""The default retry rules (declared in tongdai/call_outcome.py) of the outcomes that may have one. Contacts whose call
was answered or lost, or whose number is on a do-not-call list, are never called again."""
