"""Triggers on the database of the tests, which refuse every change of a state that its table does not list.

So each test that runs a statement tests that statement against the table of transitions, whatever else it is about. A
test that must put a row into a state that no statement leads to inserts it so. Campaigns have no trigger: their one
statement takes its guard and its target from the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import asyncpg

from tongdai.agents.model import TRANSITIONS as AGENT
from tongdai.agents.model import AgentState
from tongdai.callbacks.model import TRANSITIONS as CALLBACK
from tongdai.callbacks.model import CallbackState
from tongdai.calls.model import TRANSITIONS as CALL
from tongdai.calls.model import CallState
from tongdai.imports.model import TRANSITIONS as IMPORT
from tongdai.imports.model import JobStatus
from tongdai.recordings.model import TRANSITIONS as RECORDING
from tongdai.recordings.model import RecordingState


@dataclass(frozen=True)
class StateColumn:
    name: str
    """The table in the database."""
    column: str
    states: type[Enum]
    transitions: Mapping[Any, frozenset[Any]]

    async def install(self, conn: "asyncpg.Connection[asyncpg.Record]", on: str | None = None) -> None:
        table = on or self.name
        moves = [f"'{s.value}>{t.value}'" for s, targets in self.transitions.items() for t in targets]
        await conn.execute(f"""
            create or replace function check_{table}_{self.column}() returns trigger language plpgsql as $$
            begin
                if not old.{self.column} || '>' || new.{self.column} = any (array[{", ".join(moves)}]) then
                    raise '{table} may not go from % to %', old.{self.column}, new.{self.column};
                end if;
                return new;
            end $$
        """)
        await conn.execute(f"""
            create trigger check_transition before update on {table} for each row
            when (old.{self.column} is distinct from new.{self.column})
            execute function check_{table}_{self.column}()
        """)


TABLES = (
    StateColumn("call", "state", CallState, CALL),
    StateColumn("agent", "state", AgentState, AGENT),
    StateColumn("recording", "state", RecordingState, RECORDING),
    StateColumn("callback", "state", CallbackState, CALLBACK),
    StateColumn("import_job", "status", JobStatus, IMPORT),
)


async def install_all(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    for table in TABLES:
        await table.install(conn)
