"""`tongdai contacts jobs`, `undo` and `call-again`."""

import json
from collections.abc import Callable

from tests.support.contacts_command import Desk
from tests.support.processes import Terminal
from tongdai.testing.factories import vn_mobile


def test_jobs_are_listed_and_undone(desk: Desk, terminal: Callable[..., Terminal]) -> None:
    for _ in range(2):
        assert desk.run("import", desk.file(), "--list", "A", "--allow-failed").returncode == 0
    listed = json.loads(desk.run("jobs", "--json").stdout)
    assert [(row["status"], row["rows"], row["created"], row["duplicate"]) for row in listed] == [
        ("done", 7, 0, 3),
        ("done", 7, 2, 1),
    ]
    assert len(desk.run("jobs", "--last", "1").stdout.splitlines()) == 2
    first = str(listed[1]["jobId"])
    screen = terminal("undo", first)
    screen.until(r"created: 2 contacts, as far as they were never called\? \[y/N\]")
    screen.type("n\n")
    assert (screen.ended(), desk.contacts) == (130, 2)
    assert desk.run("undo", first, "--yes").stdout == f"Import {first} is undone: 2 contacts removed.\n"
    assert desk.contacts == 0
    assert desk.run("jobs").stdout.splitlines()[2].endswith("undone")


async def test_processed_contacts_are_counted_and_called_again(desk: Desk) -> None:
    made = [desk.client.add_contact(desk.campaign_id, vn_mobile(n)).contact_id for n in range(3)]
    async with desk.server.database() as conn:
        for contact_id, outcome in zip(made, ("busy", "busy", "answered"), strict=True):
            await conn.execute("delete from contact_due where contact_id = $1", contact_id)
            await conn.execute(
                "update contact set process_status = 2, call_status = $2 where contact_id = $1", contact_id, outcome
            )
    counted = desk.run("call-again", "--outcome", "busy", "--dry-run")
    assert counted.stdout.splitlines() == ["outcome\tcontacts", "busy\t2", "2 contacts would be called again."]
    refused = desk.run("call-again", "--outcome", "busy")
    assert refused.returncode == 1
    assert "say --yes to call them" in refused.stderr
    called = desk.run("call-again", "--outcome", "busy", "--yes")
    assert called.stdout.splitlines()[-1] == "2 contacts will be called again."
    assert desk.client.contact(desk.campaign_id, made[0]).process_status == 0
    assert desk.client.contact(desk.campaign_id, made[2]).process_status == 2
    called = desk.run("call-again", "--contact", str(made[2]), "--yes")
    assert called.stdout.splitlines()[-1] == "1 contact will be called again."
    nobody = desk.run("call-again")
    assert nobody.returncode == 2
    assert "Nothing chosen" in nobody.stderr
