"""Wrap-up codes, and how calls are wrapped up."""

from tongdai_client.models.base import Done, Result


class WrapUpCode(Result, frozen=True, kw_only=True):
    """A description of a call, with what follows from it."""

    code_id: int
    name: str
    success: bool
    """The contact is done."""
    callback: bool
    """The contact is called again at a time that is sent with the code."""
    do_not_call: bool
    """The number goes on a do-not-call list, and the contact is done."""
    number_unusable: bool
    """The number does not reach the contact, who is done."""


class WrapUpCodes(Result, frozen=True, kw_only=True):
    """The wrap-up codes of a tenant."""

    data: list[WrapUpCode]


class WrapUpCodeCreated(Done, frozen=True, kw_only=True):
    """A new wrap-up code."""

    code_id: int


class WrapUpRule(Result, frozen=True, kw_only=True):
    """How agents wrap up the calls of a campaign, or of a queue's callers."""

    mode: str
    """optional, mandatory or timed."""
    timed_sec: int | None
    """How long a wrap-up lasts without a code; of timed alone."""
    code_ids: list[int] | None
    """The codes that are offered; None: all."""
    codes: list[WrapUpCode]
    """These codes."""


class WrapUpCount(Result, frozen=True, kw_only=True):
    """The number of calls with a code."""

    code_id: int
    name: str
    calls: int


class WrapUpCounts(Result, frozen=True, kw_only=True):
    """The calls of a period by their wrap-up code."""

    data: list[WrapUpCount]
    without_code: int
    """Calls of the period that had an agent, and have no code."""
