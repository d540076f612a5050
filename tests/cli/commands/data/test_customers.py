"""`tongdai customer`: a number in all campaigns, by a running server."""

import json
from pathlib import Path

from tests.support import programs
from tests.support.programs import PLAIN, output_of
from tests.support.servers import Server
from tongdai_client import Client


async def test_number_is_found_shown_exported_and_erased(server: Server, tmp_path: Path) -> None:
    key = await server.key()
    environment = PLAIN | {"TONGDAI_URL": server.url, "TONGDAI_API_KEY": key.value}

    def run(*args: object):
        return programs.tongdai("customer", *map(str, args), environment=environment)

    with Client(server.url, key.value) as client:
        campaign_id = client.create_campaign("Khảo sát").campaign_id
        client.add_contact(campaign_id, "0901234567", name="An")
    assert run("find").returncode == 2
    found = json.loads(output_of(run("find", "--number", "+84901234567", "--json")))
    assert [(row["name"], row["campaign"]) for row in found] == [("An", f"{campaign_id} Khảo sát")]
    customer_id = found[0]["customerId"]
    shown = run("show", customer_id)
    assert "An" in output_of(shown)
    assert shown.stderr == "0 calls.\n"
    file = tmp_path / "customer.json"
    assert output_of(run("export", customer_id, file)).endswith("1 contact, 0 calls.\n")
    assert [one["name"] for one in json.loads(file.read_text())["contacts"]] == ["An"]
    state = tmp_path / "crm.cursor"
    (line,) = output_of(run("follow", "--state", state)).splitlines()
    assert json.loads(line)["name"] == "An"
    assert output_of(run("follow", "--state", state)) == ""
    assert "say --yes" in run("erase", customer_id).stderr
    assert output_of(run("erase", customer_id, "--yes")).splitlines()[1] == "contacts\t1"
    assert output_of(run("find", "--number", "0901234567")).splitlines()[1:] == []
    assert json.loads(output_of(run("follow", "--state", state))) == {"deleted": found[0]["contactId"]}
    assert "not found" in run("show", customer_id).stderr
