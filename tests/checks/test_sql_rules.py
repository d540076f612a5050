"""Statements that break a rule are refused by that rule; what the rules allow is not."""

import textwrap
from pathlib import Path

import pytest

from checks import sql_rules
from checks.sql_rules import offences_in, tenant_tables
from checks.statements import Statement, collect

TABLES = frozenset({"contact", "campaign", "call"})


def rules(sql: str, *, all_tenants: bool = False, session: bool = False) -> list[int]:
    found = offences_in(Statement("planted", sql), TABLES, all_tenants=all_tenants, session=session)
    return sorted({offence.rule for offence in found})


ALLOWED = [
    "select name from contact where tenant_id = $1 and contact_id = $2",
    "select name from contact where $1::bigint = contact.tenant_id",
    "select name from tenant",  # whole on every node
    "select 1 from contact c join campaign p on p.tenant_id = $1 and p.name = c.name where c.tenant_id = $1",
    "select 1 from contact c left join campaign p on p.tenant_id = $1 and c.name = p.name where c.tenant_id = $1",
    "with contact as (select 1 as name) select name from contact",  # a CTE hides the table
    "with c as (select name from contact where tenant_id = $1) select name from c",
    "select (select count(*) from call a where a.tenant_id = $1) from contact where tenant_id = $1",
    "insert into contact (tenant_id, name) values ($1, $2), ($1, $3)",
    "insert into contact (name, tenant_id) select name, $1 from unnest($2::text[]) name",
    "update contact set name = $3 where tenant_id = $1 and contact_id = $2",
    "update contact set created_at = now() where tenant_id = $1",
    (
        "with clock as materialized (select clock_timestamp() as now_at) "
        "update contact set due_at = coalesce(due_at, clock.now_at) from clock where tenant_id = $1"
    ),
    "insert into contact (tenant_id, created_at) values ($1, clock_timestamp())",
    "select name from contact where tenant_id = $1 for update skip locked",
    "select pg_advisory_xact_lock($1)",
    "set local enable_seqscan = off",
]

PLANTED = {
    1: [
        "select name from contact",
        "select name from contact where contact_id = $1",
        "select name from contact where tenant_id = $1 or contact_id = $2",
        "select 1 from contact c join campaign p using (tenant_id, campaign_id) where c.tenant_id = $1",
        "select 1 from contact c join campaign p on p.tenant_id = c.tenant_id where c.tenant_id = $1",
        "select 1 from contact c, campaign p where tenant_id = $1",  # of which?
        "select 1 from contact c left join campaign p on c.tenant_id = $1 and p.tenant_id = $1",  # no filter of c
        "select 1 from contact c where c.tenant_id = $1 and exists (select from call where tenant_id = c.tenant_id)",
        ("select 1 from contact c cross join lateral (select 1 from call a where a.tenant_id = c.tenant_id) x "
        "where c.tenant_id = $1"),
        "with old as (delete from call where call_id = $2) select name from contact where tenant_id = $1",
        "select name from contact where tenant_id = $1 union all select name from contact",
        "select 1 from contact c join campaign p on p.tenant_id = $2 where c.tenant_id = $1",  # two parameters
        "insert into contact (name) values ($1)",
        "insert into contact (tenant_id, name) select tenant_id, name from sent",
        "insert into contact (tenant_id, name) values (1, $1)",
        "delete from contact where contact_id = $1",
        "update contact c set name = p.name from campaign p where c.tenant_id = $1 and p.campaign_id = c.campaign_id",
    ],
    3: [
        "select name from contact for update",
        "select 1 from contact c join campaign p on p.tenant_id = $1 for update of c skip locked",
        "select pg_advisory_lock($1)",
        "select pg_try_advisory_lock(7, $1)",
    ],
    4: [
        "update contact set due_at = clock_timestamp() where tenant_id = $1",
        "update contact set name = $2 where tenant_id = $1 and due_at < clock_timestamp()",
        "update contact set due_at = coalesce(due_at, now()) where tenant_id = $1",
        "update contact set due_at = case when name is null then current_timestamp end where tenant_id = $1",
        "delete from contact where tenant_id = $1 and random() < 0.5",
        "update contact set due_at = clock.now_at + $2 from clock where tenant_id = $1",
        "update contact set name = null where tenant_id = $1 and created_at + interval '1 day' < $2",
        "insert into contact (tenant_id) values ($1) on conflict (tenant_id) do update set due_at = clock_timestamp()",
        "insert into contact (tenant_id) values ($1) on conflict (tenant_id) do update set due_at = now()",
    ],
    6: [
        "select set_config('enable_seqscan', 'off', true)",
        "set enable_seqscan = off",
        "set local plan_cache_mode = 'force_generic_plan'",
        "reset all",
    ],
}  # fmt: skip


@pytest.mark.parametrize("sql", ALLOWED)
def test_what_serves_one_tenant_is_allowed(sql: str) -> None:
    assert rules(sql) == []


@pytest.mark.parametrize(("rule", "sql"), [(rule, sql) for rule, planted in PLANTED.items() for sql in planted])
def test_a_planted_statement_is_refused_by_its_rule(rule: int, sql: str) -> None:
    assert rule in rules(sql)


def test_an_array_of_tenants_is_no_filter() -> None:
    assert rules("select name from contact where tenant_id = any($1::bigint[])") == [1]
    assert rules(
        "update contact set name = null from unnest($1::bigint[]) sent (id) where contact.tenant_id = sent.id"
    ) == [1]


def test_listed_work_over_all_tenants_only_selects() -> None:
    assert rules("select tenant_id from campaign where status = 2", all_tenants=True) == []
    assert rules("select tenant_id from campaign for update", all_tenants=True) == [2, 3]
    assert rules("delete from contact where due_at < now()", all_tenants=True) == [2]
    assert rules("with d as (delete from contact) select 1", all_tenants=True) == [2]


def test_a_lock_of_the_session_is_allowed_on_the_connection_of_the_session() -> None:
    assert rules("select pg_try_advisory_lock(7, $1)", session=True) == []


def test_the_tables_of_a_tenant_are_read_from_the_migrations() -> None:
    tables = tenant_tables()
    assert {"campaign", "contact", "contact_counter", "import_chunk", "do_not_call", "agent"} <= tables
    assert not tables & {"tenant", "api_key", "installation"}


PACKAGE = {
    "__init__": "",
    "store": '''
        COLUMNS = "contact_id, name"
        FIND = f"select {COLUMNS} from contact where tenant_id = $1"
        BY_ORDER = {"up": f"{FIND} order by contact_id"}
        HALF = """
        with held as (select contact_id from contact where tenant_id = $1 for update)
        """
        WHOLE = f"{HALF} select contact_id from held"

        async def lock(conn):
            await conn.fetchrow(f"{FIND} for no key update", 1)

        async def literal(conn):
            """Select from nothing where it is a docstring."""
            await conn.execute("delete from contact")
    ''',
    "hidden": """
        def build(column):
            return f"select {column} from contact where name = $1"

        ALONE = "with lost as (select contact_id from contact where contact_id = 1)"
    """,
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "planted_statements"
    (tmp_path / name).mkdir()
    for module, text in PACKAGE.items():
        (tmp_path / name / f"{module}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_statements_are_found_where_they_are_written(package: str) -> None:
    found = collect(package, {f"{package}.hidden": lambda: ["select name from contact where name = $1"]})
    store = f"{package}.store"
    assert {(s.name, s.sql) for s in found.statements if "order by" in s.sql} == {
        (f"{store}.BY_ORDER", "select contact_id, name from contact where tenant_id = $1 order by contact_id")
    }
    assert {s.name for s in found.statements} == {
        f"{store}.{name}" for name in ("FIND", "BY_ORDER", "WHOLE", "lock", "literal")
    } | {f"{package}.hidden[generated]"}


def test_sql_that_is_part_of_no_statement_is_reported(package: str) -> None:
    assert {s.name.rpartition(".")[2] for s in collect(package, {}).escaped()} == {"build", "ALONE"}


def test_an_offence_is_named_with_its_statement(package: str) -> None:
    offences, statements = sql_rules.check(package, TABLES, generated={})
    assert statements == 5
    listed = {(offence.statement.rpartition(".")[2], offence.rule) for offence in offences if offence.rule}
    assert listed == {("literal", 1)}
