"""`tongdai key`: creating, listing, rotating and revoking."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of
from tongdai.db.pool import Connection
from tongdai.tenants import key_format, store


async def test_key_stands_alone_on_stdout_and_is_usable(
    run: Run, two_tenants: Connection, own_data_dir: tuple[Path, str]
) -> None:
    process = run("key", "create", "--tenant", "5", "--scopes", "queue,campaign,queue", "--name", "CRM")
    value = output_of(process).removesuffix("\n")
    assert key_format.well_formed(value)
    assert value not in process.stderr
    found = await store.find_key(two_tenants, key_format.digest(value, key_format.load_pepper(None, own_data_dir[0])))
    assert found is not None
    assert (found.tenant_id, found.name, found.scopes, found.expires_at) == (5, "CRM", {"campaign", "queue"}, None)
    assert f"Key {found.key_id} for tenant 5: campaign, queue." in process.stderr


async def test_platform_key_that_expires(run: Run, two_tenants: Connection, own_data_dir: tuple[Path, str]) -> None:
    before = datetime.now(UTC)
    value = output_of(run("key", "create", "--platform", "--scopes", "admin", "--expires-in", "30d")).strip()
    found = await store.find_key(two_tenants, key_format.digest(value, key_format.load_pepper(None, own_data_dir[0])))
    assert found is not None
    assert found.tenant_id is None
    assert found.expires_at is not None
    assert before <= found.expires_at - timedelta(days=30) <= datetime.now(UTC)


@pytest.mark.usefixtures("two_tenants")
def test_keys_are_listed_by_owner_and_without_their_value(run: Run) -> None:
    value = output_of(run("key", "create", "--tenant", "8", "--scopes", "queue", "--name", "of 8")).strip()
    run("key", "create", "--platform", "--scopes", "queue", "--name", "of all")
    of_8 = json.loads(output_of(run("key", "list", "--tenant", "8", "--json")))
    platform = json.loads(output_of(run("key", "list", "--platform", "--json")))
    everyone = json.loads(output_of(run("key", "list", "--json")))
    assert [(row["name"], row["tenantId"], row["scopes"], row["state"]) for row in of_8] == [
        ("of 8", 8, ["queue"], "usable")
    ]
    assert {row["tenantId"] for row in platform} == {None}
    assert [row for row in everyone if row["tenantId"] in (8, None)] == [*platform, *of_8]
    table = output_of(run("key", "list", "--tenant", "8"))
    assert value not in table
    assert key_format.hint(value) in table


def key_id(process: "subprocess.CompletedProcess[str]") -> str:
    output_of(process)
    found = re.search(r"Key (\d+) for", process.stderr)
    assert found is not None
    return found[1]


def listed(run: Run, number: str) -> dict[str, str]:
    rows = json.loads(output_of(run("key", "list", "--json")))
    return next(row for row in rows if row["keyId"] == int(number))


@pytest.mark.usefixtures("two_tenants")
def test_revoked_key_has_ended_and_cannot_be_rotated(run: Run) -> None:
    number = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    assert f"Key {number}" in output_of(run("key", "revoke", number))
    assert listed(run, number)["state"] == "revoked"
    assert f"key {number} has ended already" in complaint_of(run("key", "rotate", number), 1)


@pytest.mark.usefixtures("two_tenants")
def test_rotated_key_has_the_same_rights_and_the_old_one_ends_after_the_overlap(run: Run) -> None:
    options = ("--tenant", "5", "--scopes", "report,agent", "--name", "Dashboard", "--expires-in", "90d")
    old = key_id(run("key", "create", *options))
    process = run("key", "rotate", old, "--overlap", "15m")
    assert key_format.well_formed(output_of(process).removesuffix("\n"))
    before, after = listed(run, old), listed(run, key_id(process))
    same = ("tenantId", "name", "scopes")
    assert [before[name] for name in same] == [after[name] for name in same] == [5, "Dashboard", ["agent", "report"]]
    assert (before["state"], after["state"], after["revokedAt"]) == ("usable", "usable", None)
    rest = datetime.fromisoformat(before["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < rest <= timedelta(minutes=15)
    span = datetime.fromisoformat(after["expiresAt"]) - datetime.fromisoformat(after["createdAt"])
    assert abs(span - timedelta(days=90)) < timedelta(seconds=1)


@pytest.mark.usefixtures("two_tenants")
def test_rotation_without_an_overlap_ends_the_old_key_at_once(run: Run) -> None:
    old = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    output_of(run("key", "rotate", old, "--overlap", "0s"))
    assert listed(run, old)["state"] == "expired"


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_unknown_key(run: Run, verb: str) -> None:
    assert "key 999999 not found; list keys with tongdai key list" in complaint_of(run("key", verb, "999999"), 1)


@pytest.mark.usefixtures("two_tenants")
def test_other_pepper_makes_no_key_but_can_revoke_one(run: Run) -> None:
    number = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    other = {"TONGDAI_KEY_PEPPER": "another pepper, of 32 characters or more"}
    assert "pepper" in complaint_of(run("key", "create", "--tenant", "5", "--scopes", "queue", **other), 1)
    assert "pepper" in complaint_of(run("key", "rotate", number, **other), 1)
    assert listed(run, number)["state"] == "usable"
    output_of(run("key", "revoke", number, **other))
