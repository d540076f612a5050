"""The command line as its users have it: a process, its output and its exit code, on a real server."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import click
import httpx2
import pytest
from click.testing import CliRunner

from tests.support import programs
from tests.support.programs import PLAIN, PROGRAM, complaint_of, output_of
from tongdai import __version__
from tongdai.cli import COMMANDS, main, program
from tongdai.cli.param_types import DURATION
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import connect
from tongdai.tenants import key_format, store

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[tuple[Path, str]]:
    """A data directory whose server this process runs, and the DSN."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        async with embedded.database(data_dir, None) as dsn:
            yield data_dir, dsn


@pytest.fixture(scope="module")
def run(server: tuple[Path, str]) -> Run:
    """`tongdai` on that data directory."""

    def run(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return programs.run(*args, **({"TONGDAI_DATA_DIR": str(server[0])} | env))

    return run


@pytest.fixture(scope="module")
async def conn(server: tuple[Path, str], run: Run) -> AsyncIterator[asyncpg.Connection]:
    """The same database, with tenants 5 and 8."""
    output_of(run("tenant", "create", "5", "--name", "Five"))
    output_of(run("tenant", "create", "8", "--name", "Eight"))
    conn = await connect(server[1], name="tests")
    yield conn
    await conn.close()


# Help and wrong usage


def every_command(command: click.Command = program, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_every_command_has_an_example(path: tuple[str, ...], option: str) -> None:
    answer = CliRunner().invoke(program, [*path, option], prog_name="tongdai")
    assert answer.exit_code == 0
    before = r"((KEY|CAMPAIGN|AGENT)=\$\()?"
    assert re.search(rf"Examples?:\n +{before}{' '.join(('tongdai', *path))}", answer.output)
    assert max(map(len, answer.output.splitlines())) <= 100


def test_every_option_says_what_it_is() -> None:
    for path in every_command():
        context = click.Context(program)
        command: click.Command | None = program
        for name in path:
            assert isinstance(command, click.Group)
            command = command.get_command(context, name)
        assert command is not None
        assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_list_of_commands_says_what_their_own_help_begins_with() -> None:
    for name, (_, summary) in COMMANDS.items():
        command = program.get_command(click.Context(program), name)
        assert command is not None
        assert (command.help or "").startswith(summary)


def test_showing_the_commands_imports_none_of_them() -> None:
    script = """
import sys
from tongdai.cli import main
try:
    main()
except SystemExit:
    heavy = {"asyncpg", "litestar", "phonenumbers", "rich", "msgspec", "asyncio"} & sys.modules.keys()
    print(sorted(heavy), file=sys.stderr)
"""
    for args in (["--help"], ["version"]):
        process = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=True)
        assert process.stderr == "[]\n"


def test_help_of_the_server_does_not_import_it() -> None:
    script = "import sys, tongdai.cli.commands.serve; print({'asyncpg', 'litestar', 'granian'} & sys.modules.keys())"
    assert (
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "set()\n"
    )


def test_version_and_the_module_itself() -> None:
    assert subprocess.run([PROGRAM, "version"], check=True, capture_output=True, text=True).stdout == f"{__version__}\n"
    module = [sys.executable, "-m", "tongdai.cli", "version"]
    assert subprocess.run(module, check=True, capture_output=True, text=True).stdout == f"{__version__}\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("conquer", "No such command 'conquer'"),
        ("version --loud", "No such option '--loud'"),
        ("serve --only api", "needs an external database"),
        ("demo --only engine", "needs an external database"),
        ("demo --asterisk ws://127.0.0.1:8088 --asterisk-password x --trunk a", "may be real people's"),
        ("serve --only everything", "'everything' is not one of"),
        ("serve --port eighty", "'eighty' is not a valid integer"),
        ("tenant create 5", "Missing option '--name'"),
        ("tenant create --name x -- -5", "'-5' is no id"),
        ("tenant create 1234567890123456789 --name x", "1 to 18 digits"),
        ("tenant create 0 --name x", "'0' is no id"),
        ("tenant create 5 --name x --country Vietnam", "'Vietnam' is no country"),
        ("tenant limits 5 --tenant-limit 0", "0 is not in the range"),
        ("tenant limits 5 --tenant-limit 1 --default", "--default clears both"),
        ("key create --scopes queue", "either --tenant ID or --platform"),
        ("key create --scopes queue --tenant 5 --platform", "either --tenant ID or --platform"),
        ("key create --tenant 5 --scopes queue,root", "'root' is no scope: expected campaign, queue, agent"),
        ("key create --tenant 5 --scopes ,", "',' is no scope"),
        ("key create --tenant 5 --scopes queue --expires-in 1y", "'1y' is no duration: expected 90s, 15m, 24h or 30d"),
        ("key create --tenant 5 --scopes queue --expires-in 0d", "never holds"),
        ("key list --tenant 5 --platform", "not both"),
        ("key rotate 1 --overlap 999999999d", "at most 100 years"),
        ("campaign create --tenant 5 --name x --type auto", "a letter first"),
        ("queue create --tenant 5 --name x --number +84", "1 to 32 digits"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(args: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(args.split())
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert re.fullmatch(r"tongdai: .+ See: tongdai[a-z ]* --help\n", output.err)


def test_wrong_usage_of_the_process() -> None:
    complaint_of(programs.run("key", "create"), 2)


def test_demo_calls_nobody_by_the_asterisk_of_the_environment(tmp_path: Path) -> None:
    asterisk = {"TONGDAI_ASTERISK": "ws://127.0.0.1:8088", "TONGDAI_ASTERISK_PASSWORD": "x", "TONGDAI_TRUNK": "a"}
    said = complaint_of(programs.run("demo", "--data-dir", str(tmp_path / "data"), **asterisk), 2)
    assert "unset TONGDAI_ASTERISK and --asterisk, or use tongdai serve" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["", "x" * 256, "two\nlines", os.fsdecode(b"\xff")])
def test_names_that_are_no_line_of_text_are_refused(name: str) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(["tenant", "create", "5", "--name", name])


def test_a_group_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(["key"])
    assert "rotate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("30d", 2592000), ("0s", 0), ("36500d", None)]
)
def test_durations(text: str, seconds: int | None) -> None:
    assert DURATION.convert(text, None, None) == timedelta(seconds=seconds if seconds is not None else 36500 * 86400)


@pytest.mark.parametrize("text", ["", "5", "d", "-5d", "1.5h", "٣d", "5 d", "5D", "36501d", "5d\n"])
def test_texts_that_are_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        DURATION.convert(text, None, None)


# Tenants


def test_tenant_is_created_listed_and_not_created_twice(run: Run) -> None:
    output_of(run("tenant", "create", "123456789012345678", "--name", "[red]Đông Á[/red]", "--country", "us"))
    assert "there is a tenant 123456789012345678 already" in complaint_of(
        run("tenant", "create", "123456789012345678", "--name", "Again"), 1
    )
    lines = [line.split("\t") for line in output_of(run("tenant", "list")).splitlines()]
    assert lines[0] == ["tenantId", "name", "country", "tenantLimit", "routeLimit", "createdAt", "timeZone"]
    assert ["123456789012345678", "[red]Đông Á[/red]", "US", "-", "-"] in [line[:5] for line in lines]
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    mine = next(row for row in listed if row["tenantId"] == 123456789012345678)
    assert (mine["name"], mine["country"], mine["tenantLimit"]) == ("[red]Đông Á[/red]", "US", None)


@pytest.mark.parametrize(
    ("tenant_id", "args", "zone"),
    [
        ("701", "", "Asia/Ho_Chi_Minh"),
        ("702", "--country SG", "Asia/Singapore"),
        ("703", "--country US", "UTC"),
        ("704", "--country US --zone America/New_York", "America/New_York"),
    ],
)
def test_tenant_is_in_the_zone_given_or_the_only_one_of_its_country(
    run: Run, tenant_id: str, args: str, zone: str
) -> None:
    assert f"in {zone}." in output_of(run("tenant", "create", tenant_id, "--name", "A", *args.split()))
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    assert [row["timeZone"] for row in listed if row["tenantId"] == int(tenant_id)] == [zone]


def test_zone_of_a_tenant_is_set_and_must_be_one(run: Run) -> None:
    output_of(run("tenant", "create", "705", "--name", "A"))
    output_of(run("tenant", "zone", "705", "Asia/Bangkok"))
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    assert [row["timeZone"] for row in listed if row["tenantId"] == 705] == ["Asia/Bangkok"]
    assert "'Bangkok' is no time zone" in complaint_of(run("tenant", "zone", "705", "Bangkok"), 2)
    assert "there is no tenant 706" in complaint_of(run("tenant", "zone", "706", "UTC"), 1)


@pytest.mark.usefixtures("conn")
def test_limits_change_only_where_they_are_given(run: Run) -> None:
    def limits(*args: str) -> list[str]:
        return output_of(run("tenant", "limits", "5", *args)).splitlines()

    tenant_default, route_default = (
        "tenant limit: 600 requests in 10 s (default)",
        "route limit: 200 requests in 10 s (default)",
    )
    assert limits() == [tenant_default, route_default]
    assert limits("--tenant-limit", "1200") == ["tenant limit: 1200 requests in 10 s", route_default]
    both = ["tenant limit: 1200 requests in 10 s", "route limit: 7 requests in 10 s"]
    assert limits("--route-limit", "7") == both
    assert limits() == both
    assert limits("--default") == [tenant_default, route_default]
    assert limits() == [tenant_default, route_default]


@pytest.mark.parametrize("options", [(), ("--tenant-limit", "5"), ("--default",)])
def test_limits_of_an_unknown_tenant(run: Run, options: tuple[str, ...]) -> None:
    assert "there is no tenant 404" in complaint_of(run("tenant", "limits", "404", *options), 1)


def test_a_terminal_gets_a_table(server: tuple[Path, str], run: Run) -> None:
    run("tenant", "create", "6", "--name", "[bold]Six[/bold]")
    screen, terminal = pty.openpty()
    env = PLAIN | {"TONGDAI_DATA_DIR": str(server[0]), "TERM": "xterm", "COLUMNS": "120"}
    subprocess.run([PROGRAM, "tenant", "list"], env=env, stdout=terminal, check=True)
    os.close(terminal)
    shown = os.read(screen, 65536).decode()
    os.close(screen)
    assert "[bold]Six[/bold]" in shown
    assert "───" in shown


# Keys


async def test_key_stands_alone_on_stdout_and_is_usable(
    run: Run, conn: asyncpg.Connection, server: tuple[Path, str]
) -> None:
    process = run("key", "create", "--tenant", "5", "--scopes", "queue,campaign,queue", "--name", "CRM")
    value = output_of(process).removesuffix("\n")
    assert key_format.well_formed(value)
    assert value not in process.stderr
    found = await store.find_key(conn, key_format.digest(value, key_format.load_pepper(None, server[0])))
    assert found is not None
    assert (found.tenant_id, found.name, found.scopes, found.expires_at) == (5, "CRM", {"campaign", "queue"}, None)
    assert f"Key {found.key_id} for tenant 5: campaign, queue." in process.stderr


async def test_platform_key_that_expires(run: Run, conn: asyncpg.Connection, server: tuple[Path, str]) -> None:
    before = datetime.now(UTC)
    value = output_of(run("key", "create", "--platform", "--scopes", "admin", "--expires-in", "30d")).strip()
    found = await store.find_key(conn, key_format.digest(value, key_format.load_pepper(None, server[0])))
    assert found is not None
    assert found.tenant_id is None
    assert found.expires_at is not None
    assert before <= found.expires_at - timedelta(days=30) <= datetime.now(UTC)


@pytest.mark.usefixtures("conn")
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


@pytest.mark.usefixtures("conn")
def test_revoked_key_has_ended_and_cannot_be_rotated(run: Run) -> None:
    number = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    assert f"Key {number}" in output_of(run("key", "revoke", number))
    assert listed(run, number)["state"] == "revoked"
    assert f"key {number} has ended already" in complaint_of(run("key", "rotate", number), 1)


@pytest.mark.usefixtures("conn")
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


@pytest.mark.usefixtures("conn")
def test_rotation_without_an_overlap_ends_the_old_key_at_once(run: Run) -> None:
    old = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    output_of(run("key", "rotate", old, "--overlap", "0s"))
    assert listed(run, old)["state"] == "expired"


@pytest.mark.parametrize(
    "args",
    ["key create --tenant 404 --scopes queue", "key list --tenant 404", "campaign create --tenant 404 --name x",
     "campaign list --tenant 404", "campaign start --tenant 404 --campaign 1",
     "queue create --tenant 404 --name x", "queue list --tenant 404"],
)  # fmt: skip
def test_unknown_tenant(run: Run, args: str) -> None:
    assert "there is no tenant 404" in complaint_of(run(*args.split()), 1)


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_unknown_key(run: Run, verb: str) -> None:
    assert "there is no key 999999" in complaint_of(run("key", verb, "999999"), 1)


@pytest.mark.usefixtures("conn")
def test_other_pepper_makes_no_key_but_can_revoke_one(run: Run) -> None:
    number = key_id(run("key", "create", "--tenant", "5", "--scopes", "queue"))
    other = {"TONGDAI_KEY_PEPPER": "another pepper, of 32 characters or more"}
    assert "pepper" in complaint_of(run("key", "create", "--tenant", "5", "--scopes", "queue", **other), 1)
    assert "pepper" in complaint_of(run("key", "rotate", number, **other), 1)
    assert listed(run, number)["state"] == "usable"
    output_of(run("key", "revoke", number, **other))


# Campaigns and queues


@pytest.mark.usefixtures("conn")
def test_campaign_is_created_and_listed(run: Run) -> None:
    first = output_of(run("campaign", "create", "--tenant", "5", "--name", "Khảo sát", "--user-name", "lan"))
    second = output_of(run("campaign", "create", "--tenant", "5", "--name", "By hand", "--type", "CAMPAIGN_MANUAL"))
    assert first.strip().isdigit()
    table = output_of(run("campaign", "list", "--tenant", "5"))
    assert f"{first.strip()}\tKhảo sát\tCAMPAIGN_CALL_AUTO\tinprocess\tlan\t0\t0\t0\t0\n" in table
    rows = json.loads(output_of(run("campaign", "list", "--tenant", "5", "--json")))
    assert [(row["campaignId"], row["type"]) for row in rows] == [
        (int(first), "CAMPAIGN_CALL_AUTO"),
        (int(second), "CAMPAIGN_MANUAL"),
    ]


@pytest.mark.usefixtures("conn")
def test_queue_is_created_and_its_number_is_its_own(run: Run) -> None:
    made = output_of(run("queue", "create", "--tenant", "5", "--name", "Hỗ trợ", "--number", "19006363"))
    again = run("queue", "create", "--tenant", "5", "--name", "Other", "--number", "19006363")
    assert "has number 19006363" in complaint_of(again, 1)
    assert f"{made.strip()}\tHỗ trợ\t19006363\tnormal\t-\t-\t-\n" in output_of(run("queue", "list", "--tenant", "5"))
    rows = json.loads(output_of(run("queue", "list", "--tenant", "5", "--json")))
    assert [(row["queueId"], row["strategy"]) for row in rows] == [(int(made), "normal")]


# Which database


async def test_external_database_is_migrated_once(server: tuple[Path, str]) -> None:
    root = await connect(server[1], name="tests")
    await root.execute("create database empty")
    await root.close()
    url = urlsplit(server[1])._replace(path="/empty").geturl()
    assert "Applied migration 1 (baseline)" in output_of(programs.run("migrate", "--database-url", url))
    assert output_of(programs.run("migrate", TONGDAI_DATABASE_URL=url)).startswith("Nothing to do")


def test_settings_file_and_no_server_running() -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        config = Path(folder) / "tongdai.toml"
        config.write_text(f'data_dir = "{folder}/data"\nroute_limit = 7\n')
        output_of(programs.run("tenant", "create", "5", "--name", "Five", "--config", str(config)))
        limits = output_of(programs.run("tenant", "limits", "5", "--config", str(config)))
        assert "route limit: 7 requests in 10 s (default)" in limits
        config.write_text("colour = 3\n")
        assert "unknown setting colour" in complaint_of(programs.run("tenant", "list", "--config", str(config)), 1)


def test_wrong_password_is_reported_without_the_password(server: tuple[Path, str]) -> None:
    wrong = re.sub(r":[^:@/]+@", ":sesame@", server[1])
    line = complaint_of(programs.run("tenant", "list", "--database-url", wrong), 1)
    assert "password authentication failed" in line
    assert "sesame" not in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:sesame@127.0.0.1:1/db", "at 127.0.0.1: connection refused"),
        ("postgresql://u:sesame@localhost:1/db", "at localhost: connection refused"),
        ("postgresql://u:ses/ame@db.example/db", "special characters"),
        ("mysql://u:sesame@db.example/db", "must begin with postgresql://"),
    ],
)
def test_unreachable_database_is_reported_without_the_password(url: str, said: str) -> None:
    line = complaint_of(programs.run("tenant", "list", "--database-url", url), 1)
    assert said in line
    assert "ame" not in line.replace("name", "")


# The server


@contextmanager
def started(*args: str, data_dir: Path, ready: str) -> "Iterator[tuple[subprocess.Popen[str], list[str]]]":
    """A server and what it has printed up to the line that has `ready`; stopped at the end, which must go well."""
    argv = [PROGRAM, *args, "--data-dir", data_dir, "--port", "0", "--admin-port", "0"]
    process = subprocess.Popen(argv, env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not lines or ready not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        yield process, lines
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_demo_prints_what_works_and_commands_work_beside_it() -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        with started("demo", data_dir=data_dir, ready="Stop with Ctrl-C") as (_, lines):
            said = "".join(lines)
            found = re.search(r"curl -H '(X-Api-Key): (\S+)' (\S+)\n", said)
            assert found is not None
            header, value, url = found.groups()
            answer = httpx2.get(url, headers={header: value}).json()
            assert [row["contactCount"] for row in answer["data"]] == [150, 30]
            watched = re.search(r"^  tongdai (top --url \S+ --key \S+)$", said, re.MULTILINE)
            assert watched is not None
            shown = ""
            for _ in range(60):  # the dialer comes up beside the server
                shown = output_of(programs.run(*watched[1].split(), "--once", COLUMNS="120"))
                if "switch default up (simulated)" in shown:
                    break
            assert "switch default up (simulated)" in shown
            docs = re.search(r"Docs +(\S+)", said)
            assert docs is not None
            assert httpx2.get(docs[1]).status_code == 200
            beside = programs.run("campaign", "list", "--tenant", "20260310", "--data-dir", str(data_dir))
            assert "1042\tKhao sat khach hang\tCAMPAIGN_CALL_AUTO\tinprocess\t-\t180\t180\t0\t0\n" in output_of(beside)
        with started("serve", data_dir=data_dir, ready="tongdai: ready on http://127.0.0.1:") as (_, lines):
            url = lines[-1].split()[-1]
            answer = httpx2.get(f"{url}/v1/queues/inbound", headers={header: value}).json()
            assert answer["totalRecord"] == 3
        listed = json.loads(output_of(programs.run("key", "list", "--json", "--data-dir", str(data_dir))))
        assert [row["name"] for row in listed] == ["demo"]
