"""`tongdai lists`: contact lists by a running server."""

import json
from pathlib import Path

import pytest

from tests.support.contacts_command import Desk
from tests.support.servers import Server
from tongdai.testing.factories import vn_mobile
from tongdai_client import Client


@pytest.fixture
async def desk(server: Server, tmp_path: Path):
    key = await server.key()
    with Client(server.url, key.value) as client:
        yield Desk(server, client, key.value, client.create_campaign("Khảo sát").campaign_id, tmp_path)


def run(desk: Desk, *args: object):
    return desk.run(*map(str, args), group="lists")


def test_lists_are_created_filled_emptied_and_deleted(desk: Desk) -> None:
    may, june = (int(run(desk, "create", name).stdout) for name in ("May", "June"))
    made = [desk.client.add_contact(desk.campaign_id, vn_mobile(n), list_id=may).contact_id for n in range(3)]
    assert run(desk, "rename", june, "July").stdout == "Contact list renamed\n"
    assert run(desk, "move", "--to", june).returncode == 2
    assert run(desk, "move", "--list", may, "--to", june, "--dry-run").stdout == "Would move 3 contacts.\n"
    assert run(desk, "move", "--contact", made[0], "--to", june).stdout == "Moved 1 contact.\n"
    shown = json.loads(run(desk, "show", "--json").stdout)
    assert [(row["name"], row["contacts"]) for row in shown] == [("May", 2), ("July", 1)]
    assert "has contacts" in run(desk, "delete", may).stderr
    assert run(desk, "empty", may, "--dry-run").stdout == "Would delete 2 contacts.\n"
    assert "say --yes" in run(desk, "empty", may).stderr
    assert run(desk, "empty", may, "--yes").stdout == "Deleted 2 contacts.\n"
    assert run(desk, "delete", may).stdout == "Contact list deleted\n"
    assert run(desk, "delete", june, "--contacts", "--yes").stdout == "Contact list deleted\n"
    assert run(desk, "show").stdout == "listId\tname\tcontacts\n"
