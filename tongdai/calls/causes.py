"""What the causes of a hang-up say of a call. Pure; the combinations were measured on Asterisk 22."""

from tongdai.calls.model import Outcome

# Q.850, where the cause alone tells. A `Reason` header of the carrier sets it whatever its SIP status.
_BY_CAUSE = {
    1: Outcome.INVALID_NUMBER,  # unallocated
    17: Outcome.BUSY,
    20: Outcome.NO_ANSWER,  # the phone is switched off
    22: Outcome.INVALID_NUMBER,  # changed
    28: Outcome.INVALID_NUMBER,  # incomplete, or of no form that is known
}
_BY_STATUS = {
    404: Outcome.INVALID_NUMBER,
    410: Outcome.INVALID_NUMBER,
    484: Outcome.INVALID_NUMBER,
    485: Outcome.INVALID_NUMBER,
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    603: Outcome.NO_ANSWER,  # declined by who was called: tried again as rarely as where nobody answers
    604: Outcome.INVALID_NUMBER,
    607: Outcome.NO_ANSWER,
}
_TRUNK_REFUSED = frozenset({401, 403, 407})
_NOBODY_ANSWERED = frozenset({0, 16, 18, 19, 21, 31, 127})
"""None given, normal, no user responding, no answer, rejected, unspecified, interworking: so ends a call that rang out
or that was cancelled while it rang. When nothing rang it was a carrier that is dead or takes no calls."""


def outcome_of(*, rang: bool, answered: bool, cause: int, tech_cause: int | None) -> Outcome:
    """The outcome of a call that the switch tells is over, whoever ended it.

    `rang`: it was ever said to ring; `cause`: Q.850, 0 where none was given; `tech_cause`: the SIP status, which only
    calls that failed have, and not with every Asterisk. Whether one that was answered was a machine, or abandoned, is
    for the caller to tell.
    """
    if answered:
        return Outcome.ANSWERED
    known = _BY_CAUSE.get(cause) or _BY_STATUS.get(tech_cause or 0)
    if known is not None:
        return known
    refused = tech_cause is not None and (tech_cause in _TRUNK_REFUSED or 500 <= tech_cause < 600)
    return Outcome.NO_ANSWER if rang and not refused and cause in _NOBODY_ANSWERED else Outcome.FAILED
