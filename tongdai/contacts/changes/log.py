"""The log of changed contacts, which readers follow (decision 0074).

Whatever changes what the API shows of a contact sets `changed_in = default` and, in the same statement, writes the
contact into `contact_change` by `logged`. A row inserted has its `changed_in` by the column's default. That a contact
is in a call, or in a run, is no change of it.
"""


def logged(source: str, *, deleted: bool = False) -> str:
    """A CTE that logs the contacts of `source`, a CTE with their `contact_id`, as ranges of consecutive ids."""
    return f"""logged as (
    insert into contact_change (tenant_id, first_id, last_id, deleted)
    select $1::bigint, min(contact_id), max(contact_id), {str(deleted).lower()} from (
        select contact_id, contact_id - row_number() over (order by contact_id) as island from {source}
    ) numbered group by island
    on conflict do nothing
)"""  # noqa: S608 - names of ours
