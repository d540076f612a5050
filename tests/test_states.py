"""A state changes only as its table says."""

from contextlib import nullcontext
from enum import StrEnum

import pytest
from asyncpg import RaiseError

from tests.support.transition_triggers import TABLES
from tongdai.states import moved, sources


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    AMBER = "amber"


TABLE = {
    Light.RED: frozenset({Light.GREEN}),
    Light.GREEN: frozenset({Light.AMBER, Light.RED}),
    Light.AMBER: frozenset({Light.RED}),
}


def test_move_in_the_table_is_made() -> None:
    assert moved(TABLE, Light.GREEN, Light.AMBER) is Light.AMBER


@pytest.mark.parametrize(("source", "target"), [(Light.RED, Light.AMBER), (Light.RED, Light.RED)])
def test_move_not_in_the_table_is_an_error_that_names_it(source: Light, target: Light) -> None:
    with pytest.raises(AssertionError, match=f"Light may not go from {source} to {target}"):
        moved(TABLE, source, target)


def test_guard_of_a_move_lists_the_states_it_may_start_from() -> None:
    assert sources(TABLE, Light.RED) == [Light.GREEN, Light.AMBER]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_has_its_row_and_can_be_reached(table) -> None:
    assert set(table.transitions) == set(table.states)
    first = next(iter(table.states))
    reached = {first}
    while more := {after for state in reached for after in table.transitions[state]} - reached:
        reached |= more
    assert reached == set(table.states)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_database_of_the_tests_refuses_a_move_that_the_table_does_not_list(conn, table) -> None:
    """The trigger itself, on a copy of the column."""
    copy = f"copy_of_{table.name}"
    async with conn.transaction():
        await conn.execute(f"create temporary table {copy} on commit drop as select {table.column} from {table.name}")
        await table.install(conn, copy)
        for source in table.states:
            for target in table.states:
                await conn.execute(f"delete from {copy}")
                await conn.execute(f"insert into {copy} values ($1)", source.value)
                allowed = source is target or target in table.transitions[source]
                refusal = nullcontext() if allowed else pytest.raises(RaiseError, match="may not go from")
                with refusal:
                    async with conn.transaction():
                        await conn.execute(f"update {copy} set {table.column} = $1", target.value)
