"""Failures of `tongdai contacts` are reported in one line, with the exit code that scripts read."""

import asyncio
import subprocess
from pathlib import Path

from tests.support.api import PEPPER
from tests.support.client_faults import engine_stopped, undo_asked
from tests.support.contacts_command import Desk, await_import
from tests.support.programs import PLAIN, PROGRAM, complaint_of
from tongdai.testing import factories
from tongdai_client import ImportId


def test_what_is_wrong_is_reported_in_a_line(desk: Desk, tmp_path: Path) -> None:
    file = desk.file()
    wrong = desk.run("import", file, TONGDAI_API_KEY="sk_live_wrong")
    assert "does not accept the key" in complaint_of(wrong, 1)
    assert "sk_live_wrong" not in wrong.stderr
    assert "a platform key needs --tenant, too" in wrong.stderr
    foreign = desk.run("import", file, "--tenant", "12")
    assert "does not accept the key for tenant 12: check --key or TONGDAI_API_KEY, and --tenant" in foreign.stderr
    assert "no answer from the server at http://127.0.0.1:1: " in complaint_of(
        desk.run("import", file, TONGDAI_URL="http://127.0.0.1:1"), 1
    )
    elsewhere = subprocess.run(
        [PROGRAM, "contacts", "jobs", "--campaign", str(10**17)],
        check=False,
        env=desk.environment,
        capture_output=True,
        text=True,
    )
    assert f"campaign {10**17} not found; list campaigns with" in complaint_of(elsewhere, 1)
    assert "Import job not found" in complaint_of(desk.run("undo", str(10**17)), 1)
    assert "xlsx" in complaint_of(desk.run("import", desk.file("PK\x03\x04", "broken.xlsx")), 1, progress=True).lower()


def test_wrong_usage_is_reported_before_anything_is_sent(desk: Desk) -> None:
    file = desk.file()
    assert "does not exist" in complaint_of(desk.run("import", desk.folder / "none.csv"), 2)
    assert "unknown format" in complaint_of(desk.run("import", desk.file("x", "notes.doc")), 2)
    assert "--url must begin with" in complaint_of(desk.run("import", file, TONGDAI_URL="127.0.0.1:8080"), 2)
    assert "'x' is no id" in complaint_of(desk.run("undo", "x"), 2)
    assert "--key must consist of printable" in complaint_of(desk.run("jobs", TONGDAI_API_KEY="khóa"), 2)
    assert "cannot be written" in complaint_of(desk.run("import", file, "--failed", "/nowhere/at/all.csv"), 2)
    nobody = subprocess.run(
        desk.command("import", file), check=False, env=PLAIN, capture_output=True, text=True, timeout=60
    )
    assert "Missing option '--key'" in complaint_of(nobody, 2)
    assert desk.contacts == 0


def test_a_stopped_campaign_takes_no_contacts(desk: Desk) -> None:
    desk.client.start_campaign(desk.campaign_id)
    desk.client.stop_campaign(desk.campaign_id)
    assert "takes no contacts" in complaint_of(desk.run("import", desk.file()), 1, progress=True)


def test_a_key_without_the_scope_is_reported_so(desk: Desk) -> None:
    narrow = desk.client.create_api_key(["queue"]).key
    assert "Key does not have scope campaign" in complaint_of(desk.run("jobs", TONGDAI_API_KEY=narrow or ""), 1)


async def test_a_platform_key_names_its_tenant(desk: Desk) -> None:
    async with desk.server.database() as conn:
        platform = await factories.platform_key(conn, PEPPER.encode())
    tenant = str(desk.client.tenant().tenant_id)
    assert desk.run("jobs", "--tenant", tenant, TONGDAI_API_KEY=platform.value).returncode == 0


async def test_an_import_that_fails_as_a_whole_is_code_1(desk: Desk) -> None:
    async with engine_stopped(desk.server):
        command = desk.started("import", desk.file())
        job_id = await_import(command)
        undoing = asyncio.create_task(asyncio.to_thread(desk.client.undo_import, ImportId(desk.campaign_id, job_id)))
        await undo_asked(desk.server, job_id)
    await undoing
    said, complained = await asyncio.to_thread(command.communicate, timeout=60)
    assert command.returncode == 1
    assert f"tongdai: import {job_id} failed as a whole: Stopped and undone" in complained
    assert said.startswith("outcome\treason\trows\n")
