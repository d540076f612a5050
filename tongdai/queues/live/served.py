"""The rule who was served in the end, in SQL."""


def served_later(caller: str) -> str:
    """A query of at most one row, `found`: a call after the call `caller` (an alias of a row of call), by the same
    number or to it, that was connected. No row for one who was connected in the call itself, or withheld the number."""
    later = f"""phone = {caller}.phone and opened_at > {caller}.opened_at and connected_at is not null
            and {caller}.connected_at is null and {caller}.phone <> ''"""
    return f"""
        select call_id as found from call where tenant_id = $1 and {later} and ended_month < 'infinity'
        union all
        select call_id from live_call where tenant_id = $1 and {later}
        limit 1
    """  # noqa: S608 - our own names
