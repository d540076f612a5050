"""The history of agents' states, written by the statement that changes the state (docs/decisions/0075-agent-states.md).

A statement that changes states begins with `changed`, the update of `agent` that returns the rows as they are then, and
continues with RECORDED, so that no state of a committed row is missing:

    with changed as (update agent set state = 'talking', state_since = {BEGINS} where ... returning agent.*), {RECORDED}
    select ... from changed

A row tells since when an agent was in a state, and the next one of the agent until when. States of one agent begin in
the order in which they followed each other: a transaction that waited for the agent's row began before the one that it
waited for, and its state begins when the other's did, which then has lasted no time. Of states that begin at once the
last one stays.
"""

from tongdai.calls.sql import month_of


def begins(now: str = "now()", agent: str = "agent") -> str:
    """When a state begins, an SQL expression: never before the one that it follows."""
    return f"greatest({now}, {agent}.state_since)"


BEGINS = begins()
# An update that leaves a state as it is finds its row, and changes nothing.
RECORDED = f"""recorded as (
    insert into agent_state (tenant_id, agent_id, began_at, began_month, state, reason)
    select $1, agent_id, state_since, {month_of("state_since")}, state, case when state = 'paused' then pause_reason end
    from changed
    on conflict (tenant_id, agent_id, began_at, began_month) do update
        set state = excluded.state, reason = excluded.reason
        where agent_state.state <> excluded.state or agent_state.reason is distinct from excluded.reason
)"""  # noqa: S608 - columns
