"""`/teams`."""

from typing import Annotated, Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import ID, NAME, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Scope
from tongdai.people.teams import store
from tongdai.people.teams.model import Refusal, Team

TAG = "Teams"
_NAME = {"minLength": 1, **NAME}


class TeamView(msgspec.Struct):
    teamId: int
    """The team; agents name it by `teamId`."""
    name: str
    """Its name."""
    agents: int
    """Number of its agents."""


class TeamList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[TeamView]
    """The teams, by id."""


class NewTeam(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Name of the team."""
    teamId: int | None = None
    """Your own number of the team; null: the next one."""


class TeamCreated(Done, kw_only=True):
    teamId: int
    """The new team."""


class TeamChange(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Name of the team."""


_new = msgspec.json.Decoder(NewTeam)
_change = msgspec.json.Decoder(TeamChange)
_SAMPLE: dict[str, Any] = {"teamId": 3, "name": "Đội 1", "agents": 4}


@endpoint(
    Endpoint(
        method="GET",
        path="/teams",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=TAG,
        summary="List the tenant's teams, by id",
        response=TeamList,
        sample={"success": "1", "data": [_SAMPLE]},
    )
)
async def list_teams(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.teams(conn, principal_of(request).tenant_id)
    return ok(TeamList(data=[_view(team) for team in found]))


def _view(team: Team) -> TeamView:
    return TeamView(team.team_id, team.name, team.agents)


@endpoint(
    Endpoint(
        method="POST",
        path="/teams",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Create a team",
        body=NewTeam,
        refine={"NewTeam": {"name": _NAME, "teamId": dict(ID)}},
        body_sample={"name": "Đội 1"},
        response=TeamCreated,
        sample=done_sample("Team created", teamId=3),
        states=True,
    )
)
async def create_team(request: Request) -> Response:
    raw, by = await body.read_json(request), principal_of(request)
    new = body.decode(raw, _new)
    name = body.text_field("name", new.name, 255, min_length=1)
    team_id = None if new.teamId is None else ids.from_body("teamId", new.teamId)

    async def work(conn: Connection) -> TeamCreated:
        made = await store.create(conn, by.tenant_id, team_id, name, by.author)
        if isinstance(made, Refusal):
            raise _refused(made)
        return TeamCreated(error_message="Team created", teamId=made)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="PATCH",
        path="/teams/{teamId}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Rename a team",
        body=TeamChange,
        refine={"TeamChange": {"name": _NAME}},
        body_sample={"name": "Đội 2"},
        response=Done,
        sample=done_sample("Team updated"),
        failures=(NotFound("Team not found"),),
        states=True,
    )
)
async def change_team(request: Request) -> Response:
    team_id, by = _team_id(request), principal_of(request)
    sent = body.decode(await body.read_json(request), _change)
    name = body.text_field("name", sent.name, 255, min_length=1)
    async with connection(request) as conn:
        refusal = await store.rename(conn, by.tenant_id, team_id, name, by.author)
    if refusal is not None:
        raise _refused(refusal)
    return ok(Done(error_message="Team updated"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/teams/{teamId}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Delete a team that has no agents",
        response=Done,
        sample=done_sample("Team deleted"),
        failures=(NotFound("Team not found"),),
        states=True,
    )
)
async def delete_team(request: Request) -> Response:
    team_id, by = _team_id(request), principal_of(request)
    async with connection(request) as conn:
        refusal = await store.delete(conn, by.tenant_id, team_id, by.author)
    if refusal is not None:
        raise _refused(refusal)
    return ok(Done(error_message="Team deleted"))


def _team_id(request: Request) -> int:
    return ids.from_path(request.path_params["teamId"], "Team")


def _refused(refusal: Refusal) -> ApiError:
    match refusal:
        case Refusal.NO_TEAM:
            return NotFound("Team not found")
        case Refusal.TAKEN:
            return InvalidState("Another team has that name, or that teamId")
        case Refusal.HAS_AGENTS:
            return InvalidState("The team has agents: give them another team first")


HANDLERS: list[Route] = [list_teams, create_team, change_team, delete_team]
