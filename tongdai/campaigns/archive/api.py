"""`/campaigns/{id}/archive` and `/unarchive`."""

from tongdai import ids
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.archive import store
from tongdai.db.pool import Connection
from tongdai.errors import InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId


def _act(name: str, summary: str, message: str, *, archived: bool) -> Route:
    @endpoint(
        Endpoint(
            method="POST",
            path=f"/campaigns/{{id}}/{name}",
            scope=Scope.CAMPAIGN,
            tag="Campaigns",
            summary=summary,
            response=Done,
            sample=done_sample(message),
            states=True,
        )
    )
    async def act(request: Request) -> Response:
        campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
        raw, who = await body.read_nothing(request), principal_of(request)

        async def work(conn: Connection) -> Done:
            if not await store.archive(conn, who.tenant_id, campaign_id, who.author, archived=archived):
                if await campaigns.find(conn, who.tenant_id, campaign_id) is None:
                    raise NotFound("Campaign not found")
                raise InvalidState(f"Cannot {name} a campaign that runs: pause or stop it first")
            return Done(error_message=message)

        return await once(request, raw, work)

    return act


HANDLERS: list[Route] = [
    _act(
        "archive",
        "Archive a campaign that does not run: it is hidden from lists and cannot start, and reports keep it",
        "Campaign archived",
        archived=True,
    ),
    _act(
        "unarchive",
        "Take a campaign out of the archive, in the status that it had",
        "Campaign restored",
        archived=False,
    ),
]
