"""Whether a request concerns the agent of its user, for users who may act for their own agent alone.

How a request is tied to an agent is declared by its endpoint (`Endpoint.own`).
"""

from uuid import UUID

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.http.principal import Own
from tongdai.http.request import Request, principal_of, query_of

CALL = "select exists (select from live_call where tenant_id = $1 and call_id = $2 and agent_id = $3)"
CALL_BEFORE = """
select exists (select from call where tenant_id = $1 and call_id = $2 and agent_id = $3)
    or exists (select from segment where tenant_id = $1 and call_id = $2 and agent_id = $3)
"""
MISSED_CALL = "select exists (select from call where tenant_id = $1 and call_id = $2 and seen_to_by = $3)"
CALLBACK = "select exists (select from callback where tenant_id = $1 and callback_id = $2 and agent_id = $3)"
CONTACT = "select exists (select from call where tenant_id = $1 and contact_id = $2 and agent_id = $3)"
_BY_UUID = {
    Own.CALL: (CALL, "callId"),
    Own.CALL_BEFORE: (CALL_BEFORE, "callId"),
    Own.MISSED_CALL: (MISSED_CALL, "callId"),
    Own.CALLBACK: (CALLBACK, "callbackId"),
}


async def owns(conn: Connection, request: Request, own: Own) -> bool:
    """Whether a request concerns the agent of its user; False for a user without one."""
    who, path = principal_of(request), request.path_params
    if who.agent_id is None:
        return False
    match own:
        case Own.ANY | Own.BODY:
            return True
        case Own.AGENT:
            return ids.parse(path["id"]) == who.agent_id
        case Own.QUERY:
            return query_of(request).get("agentId") == [str(who.agent_id)]
        case _:
            statement, value = _about(own, path)
            return value is not None and await conn.fetchval(statement, who.tenant_id, value, who.agent_id)


def _about(own: Own, path: dict[str, str]) -> tuple[str, UUID | int | None]:
    """The statement that decides, and what it is asked about; None: there is no such id."""
    if own is Own.CONTACT:
        return CONTACT, ids.parse(path["contactId"])
    statement, name = _BY_UUID[own]
    return statement, UUID(path[name]) if ids.is_call_id(path[name]) else None
