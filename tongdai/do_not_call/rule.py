"""The do-not-call rule in SQL: which entries forbid a campaign to call a number now.

Every statement that claims, dials, offers, counts or explains uses this fragment, so that they all apply the same
rule.
"""


def in_force(campaign_id: str, now: str = "now()") -> str:
    """The `from` and `where` clauses of the entries `d`, with their lists `l`, that bind a campaign of tenant $1.

    The arguments are SQL expressions. Add the number with `and d.phone = …`.
    """
    return f"""from do_not_call d join do_not_call_list l on l.tenant_id = $1 and l.dnc_list_id = d.dnc_list_id
        where d.tenant_id = $1 and (l.campaign_id is null or l.campaign_id = {campaign_id})
            and (d.expires_at is null or d.expires_at > {now})"""
