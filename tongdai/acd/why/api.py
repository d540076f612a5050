"""`/queues/inbound/{id}/why`: why callers wait, and why agents are offered nobody."""

from tongdai import ids
from tongdai.acd.why import store
from tongdai.acd.why.core import explain
from tongdai.acd.why.model import AgentReason, CallerReason
from tongdai.acd.why.view import SAMPLE, QueueWhy, queue_why
from tongdai.contacts.numbers import phone
from tongdai.errors import NotFound
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import ok
from tongdai.http.principal import Scope
from tongdai.ids import QueueId


def _codes(reasons: type[CallerReason | AgentReason]) -> str:
    return ", ".join(f"`{reason}`" for reason in reasons)


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}/why",
        scope=Scope.QUEUE,
        tag="Inbound queues",
        summary="Why each caller of an inbound queue has no agent, and why each agent is offered nobody",
        description=(
            "By the rules that match callers with agents, on what is known now. A caller's `reason` is one of "
            f"{_codes(CallerReason)}. An agent's `reason` is one of {_codes(AgentReason)}. A caller and an agent with "
            "`reason` null are matched within a second, if the agent may serve the caller. Callers who wait are "
            "served also while the queue takes no new ones."
        ),
        response=QueueWhy,
        sample=SAMPLE,
    )
)
async def why(request: Request) -> Response:
    who = principal_of(request)
    queue_id = QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))
    async with connection(request) as conn:
        found = await store.situation(conn, who.tenant_id, queue_id)
    if found is None:
        raise NotFound("Inbound queue not found")
    return ok(queue_why(explain(found), phone.formatter(who.country)))


HANDLERS: list[Route] = [why]
