"""The do-not-call rule in SQL: which entries forbid a campaign to call a number now, and for how long.

Every statement that claims, dials, offers, counts or explains uses these fragments, so that all apply the same rule. An
entry without an expiry is permanent: the contact is closed. While all entries of a number expire, it is called later.
"""


def in_force(campaign_id: str, now: str = "now()") -> str:
    """The `from` and `where` clauses of the entries `d`, with their lists `l`, that bind a campaign of tenant $1.

    The arguments are SQL expressions. For one number, use `is_listed` or `listing`.
    """
    return f"""from do_not_call d join do_not_call_list l on l.tenant_id = $1 and l.dnc_list_id = d.dnc_list_id
        where d.tenant_id = $1 and (l.campaign_id is null or l.campaign_id = {campaign_id})
            and (d.expires_at is null or d.expires_at > {now})"""


def is_listed(number: str, campaign_id: str, now: str = "now()") -> str:
    """The condition that a number is on a list. `offset 0`: db/plans.py."""
    return f"""exists (
        select {in_force(campaign_id, now)} and d.phone = {number} offset 0
    )"""


def listing(number: str, campaign_id: str, now: str = "now()", also: str = "") -> str:
    """A query of one row: whether a number is `listed`; whether an entry is `permanent`; if not, `until_at`, when the
    last entry expires. `also` is a list of further columns, beginning with a comma."""
    return f"""select count(*) > 0 as listed, coalesce(bool_or(d.expires_at is null), false) as permanent,
            case when bool_or(d.expires_at is null) then null else max(d.expires_at) end as until_at{also}
        {in_force(campaign_id, now)} and d.phone = {number}"""
