"""Maps hang-up causes and SIP statuses to outcomes. Pure; the combinations were measured on Asterisk 22."""

from tongdai.call_outcome import Outcome

# Q.850 causes that take precedence over the SIP status. Asterisk takes the cause from the carrier's `Reason` header.
_BY_CAUSE = {
    1: Outcome.INVALID_NUMBER,  # unallocated number
    17: Outcome.BUSY,
    20: Outcome.NO_ANSWER,  # the phone is switched off
    22: Outcome.INVALID_NUMBER,  # number changed
    28: Outcome.INVALID_NUMBER,  # invalid number format
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
    607: Outcome.NO_ANSWER,  # this and the next: never called again, see call_outcome.UNWANTED
    608: Outcome.NO_ANSWER,
}
_TRUNK_REFUSED = frozenset({401, 403, 407})
_NOBODY_ANSWERED = frozenset({0, 16, 18, 19, 21, 31, 127})
"""Not given, normal clearing, no user responding, no answer, call rejected, normal unspecified, interworking. After a
ringing event the callee did not answer; without one the carrier is unreachable or refused the call."""


def outcome_of(*, rang: bool, answered: bool, cause: int, sip_status: int | None) -> Outcome:
    """The outcome of a call whose channel is destroyed, whichever side ended it.

    `rang`: a ringing event arrived; `cause`: Q.850, 0 if not given; `sip_status`: of failed calls alone, and not from
    every version of Asterisk. The caller decides whether an answered call was answered by a machine, or abandoned.
    """
    if answered:
        return Outcome.ANSWERED
    known = _BY_CAUSE.get(cause) or _BY_STATUS.get(sip_status or 0)
    if known is not None:
        return known
    refused = sip_status is not None and (sip_status in _TRUNK_REFUSED or 500 <= sip_status < 600)
    return Outcome.NO_ANSWER if rang and not refused and cause in _NOBODY_ANSWERED else Outcome.FAILED
