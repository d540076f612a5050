"""Rows of agents: the columns, and the agent of a row that has them."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from tongdai.agents.model import Agent, AgentState, Mode, NextState, OfflineReason
from tongdai.db.columns import qualified

COLUMNS = """tenant_id, agent_id, name, endpoint, queue_id, team_id, mode, wrap_up_s, state, state_since, channel_id,
    call_id, next_state, pause_reason, wrap_up_until, code_needed, missed, phone_reachable, busy_elsewhere,
    offline_reason, created_at"""
OF_AGENT = qualified(COLUMNS, "agent")


def agent_or_none(row: asyncpg.Record | None) -> Agent | None:
    return None if row is None else agent_of(row)


def agent_of(row: asyncpg.Record | Mapping[str, Any]) -> Agent:
    """The agent of a row that has COLUMNS."""
    fields: dict[str, Any] = dict(row.items())
    fields["mode"], fields["state"] = Mode(fields["mode"]), AgentState(fields["state"])
    next_state, reason = fields["next_state"], fields["offline_reason"]
    fields["next_state"] = None if next_state is None else NextState(next_state)
    fields["offline_reason"] = None if reason is None else OfflineReason(reason)
    return Agent(**fields)
