"""The rule that nothing is dialled while dialing is held, as every statement asks it that leads to a call.

A claim and the last check before an originate ask it themselves, in the snapshot that they decide by: no await is
between the answer and what it allows, and a database that went back while its leader was connected refuses, too.
"""

HELD = "exists (select from dialing_hold where released_at is null)"


def may_dial(switch: str, beat: str) -> str:
    """SQL: whether the leader of a switch may dial that knows this beat; both are expressions."""
    known = f"coalesce((select b.beat from dialing_beat b where b.switch_id = {switch}), 0) >= {beat}"  # noqa: S608 - expressions of ours
    return f"(not {HELD} and {known})"
