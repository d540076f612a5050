"""`tongdai user` and `tongdai team`."""

import json

from tests.cli.conftest import Run
from tests.support import programs
from tests.support.programs import PLAIN, complaint_of, output_of
from tests.support.servers import Server
from tongdai.db.pool import Connection

PASSWORD = {"TONGDAI_USER_PASSWORD": "a long password of hers"}


async def test_users_are_created_listed_disabled_and_given_links(run: Run, two_tenants: Connection) -> None:
    create = ("user", "create", "--tenant", "5", "--name", "Hoa", "--login", "Hoa@example.com")
    assert "is owner of tenant 5" in output_of(run(*create, **PASSWORD))
    assert "login of another user" in complaint_of(run(*create, **PASSWORD), 1)
    other = ("user", "create", "--tenant", "5", "--name", "Thu", "--login", "0907000222", "--role", "owner")
    assert "at least 10" in complaint_of(run(*other, TONGDAI_USER_PASSWORD="short"), 1)
    output_of(run(*other, **PASSWORD))
    output_of(run("user", "disable", "0907 000 222"))
    listed = json.loads(output_of(run("user", "list", "--tenant", "5", "--json")))
    assert [(row["login"], row["disabledAt"] is None) for row in listed] == [
        ("hoa@example.com", True),
        ("+84907000222", False),
    ]
    assert "needs an owner" in complaint_of(run("user", "disable", "hoa@example.com"), 1)
    output_of(run("user", "enable", "0907000222"))
    assert output_of(run("user", "reset-link", "hoa@example.com")).startswith("/reset#")
    assert json.loads(output_of(run("user", "sessions", "hoa@example.com", "--end", "--json"))) == []
    assert "login of nobody" in complaint_of(run("user", "sessions", "nobody@example.com"), 1)
    stored = await two_tenants.fetchval("select password from user_account where login = 'hoa@example.com'")
    assert stored.startswith("$argon2id$")


async def test_teams_are_created_listed_renamed_and_deleted(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def done(*arguments: str) -> str:
        ended = programs.tongdai("team", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    team_id = done("create", "--name", "One")
    assert done("rename", team_id, "--name", "Two") == "Team updated"
    assert json.loads(done("list", "--json")) == [{"teamId": int(team_id), "name": "Two", "agents": 0}]
    assert done("delete", team_id) == "Team deleted"
