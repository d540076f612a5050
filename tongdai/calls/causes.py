"""Outcomes of calls by the causes of their hang-up. Pure; the combinations were measured on Asterisk 22."""

from tongdai.calls.model import Outcome

# Q.850 causes that decide alone. A `Reason` header of the carrier sets the cause, whatever its SIP status.
_BY_CAUSE = {
    1: Outcome.INVALID_NUMBER,  # unallocated
    17: Outcome.BUSY,
    20: Outcome.NO_ANSWER,  # the phone is switched off
    22: Outcome.INVALID_NUMBER,  # changed
    28: Outcome.INVALID_NUMBER,  # incomplete, or of no known form
}
_BY_STATUS = {
    404: Outcome.INVALID_NUMBER,
    410: Outcome.INVALID_NUMBER,
    484: Outcome.INVALID_NUMBER,
    485: Outcome.INVALID_NUMBER,
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    603: Outcome.NO_ANSWER,  # declined by the callee: retried as rarely as an unanswered call
    604: Outcome.INVALID_NUMBER,
    607: Outcome.NO_ANSWER,
}
_TRUNK_REFUSED = frozenset({401, 403, 407})
_NOBODY_ANSWERED = frozenset({0, 16, 18, 19, 21, 31, 127})
"""None given, normal, no user responding, no answer, rejected, unspecified, interworking: a call that rang out or was
cancelled while it rang. A call with one of them that never rang met a carrier that is dead or refuses."""


def outcome_of(*, rang: bool, answered: bool, cause: int, sip_status: int | None) -> Outcome:
    """The outcome of a call whose channel is destroyed, whoever ended it.

    `rang`: an event said that it rings; `cause`: Q.850, 0 where none was given; `sip_status`: the SIP status, which
    only failed calls have, and not with every Asterisk. The caller decides whether an answered call was a machine's, or
    abandoned.
    """
    if answered:
        return Outcome.ANSWERED
    known = _BY_CAUSE.get(cause) or _BY_STATUS.get(sip_status or 0)
    if known is not None:
        return known
    refused = sip_status is not None and (sip_status in _TRUNK_REFUSED or 500 <= sip_status < 600)
    return Outcome.NO_ANSWER if rang and not refused and cause in _NOBODY_ANSWERED else Outcome.FAILED
