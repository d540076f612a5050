"""`tongdai campaign` sets and shows how a campaign calls, in the database and at a server alike; its options say what
is wrong with theirs."""

import asyncio
import json
import shlex

import pytest
from click.testing import CliRunner

from tests.support import programs, sounds
from tests.support.api import PEPPER
from tests.support.databases import environment_of, session_of
from tests.support.programs import complaint_of, output_of
from tongdai.campaigns import store
from tongdai.campaigns.model import PauseReason
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.cli import program
from tongdai.cli.call_settings import in_words
from tongdai.ids import CampaignId
from tongdai.testing import factories


@pytest.fixture
def in_database(dsn, tenant):
    """`tongdai campaign …` on the tests' database, for the tenant."""

    def run(line):
        name, *words = shlex.split(line)
        return programs.run("campaign", name, "--tenant", str(tenant.tenant_id), *words, **environment_of(dsn))

    return run


@pytest.fixture
def at_server(api_server, tenant):
    """`tongdai campaign …` by the API, with the tenant's key."""

    def run(line):
        return programs.run(
            "campaign", *shlex.split(line), TONGDAI_URL=api_server.url, TONGDAI_API_KEY=tenant.key.value
        )

    return run


@pytest.fixture(params=["in_database", "at_server"])
def run(request):
    return request.getfixturevalue(request.param)


def created(run, options=""):
    return output_of(run(f"create --name A {options}")).strip()


def shown(run, campaign_id):
    lines = output_of(run(f"show --campaign {campaign_id}")).splitlines()
    return dict(line.split("\t") for line in lines)


ALL = (
    "--purpose survey --mode preview --queue {queue} --caller-id +84901234567 --trunk carrier --audio tongdai/offer "
    "--abandon-audio sorry --ring-timeout 20 --max-calls 40 --cps 7 --preset us_telemarketing "
    "--window 'mon-wed,fri 08:00-11:30' --window 'sat-sun 10:00-24:00' --retry no_answer=2h*4 --retry busy=never "
    "--contact-cap 6/7d --number-cap 2/48h --abandon-cap 2.5 --priority 9"
)
SHOWN = {
    "purpose": "survey", "mode": "preview", "callerId": "+84901234567", "trunk": "carrier", "audio": "tongdai/offer",
    "abandonAudio": "sorry", "ringTimeout": "20", "maxCalls": "40", "cps": "7",
    "preset": "us_telemarketing", "window": "mon-wed,fri 08:00-11:30; sat-sun 10:00-21:00",
    "retry": "no_answer=2h*4; busy=never; failed=2m*5; invalid_number=never; machine=4h*2; abandoned=72h*1",
    "contactCap": "6/168h", "numberCap": "2/48h", "abandonCap": "2.5", "priority": "9",
}  # fmt: skip
EMPTIED = (
    "--queue '' --mode agentless --caller-id '' --trunk '' --audio '' --abandon-audio '' --window '' --retry '' "
    "--contact-cap '' --number-cap ''"
)


async def test_all_settings_are_set_at_creation_shown_and_cleared(run, tenant):
    queue_id = await tenant.queue()
    campaign_id = created(run, ALL.format(queue=queue_id))
    found = shown(run, campaign_id)
    assert {name: found[name] for name in SHOWN} == SHOWN
    assert (found["queue"], found["campaignId"], found["status"]) == (str(queue_id), campaign_id, "inprocess")
    output_of(run(f"set --campaign {campaign_id} {EMPTIED}"))
    after = {name: value for name, value in shown(run, campaign_id).items() if found[name] != value}
    usual = {name: "-" if value is None else str(value) for name, value in in_words(CallSettings(), ALWAYS).items()}
    assert after == {name: usual[name] for name in after} | {"window": "daily 08:00-21:00"}
    assert set(after) == {"mode", "queue", "callerId", "trunk", "audio", "abandonAudio", "window", "retry",
                          "contactCap", "numberCap"}  # fmt: skip


def test_windows_in_force_are_said_apart_from_what_scripts_read(run):
    said = "Calls daily 00:00-24:00, in the contact's local time\n"
    made = run("create --name A")
    assert (made.stdout.strip().isdigit(), made.stderr) == (True, said)
    assert run(f"start --campaign {made.stdout.strip()}").stderr == said
    narrowed = run(f"set --campaign {made.stdout.strip()} --window 'mon-fri 08:00-11:30'")
    assert (narrowed.stdout, narrowed.stderr) == ("", "Calls mon-fri 08:00-11:30, in the contact's local time\n")


def test_campaign_is_listed_with_its_type_and_counts(run):
    first = created(run, "--user-name lan")
    second = created(run, "--type CAMPAIGN_MANUAL")
    assert first.isdigit()
    assert f"{first}\tA\tCAMPAIGN_CALL_AUTO\tinprocess\tlan\t0\t0\t0\t0\t-\n" in output_of(run("list"))
    rows = json.loads(output_of(run("list --json")))
    assert [(row["campaignId"], row["type"]) for row in rows] == [
        (int(first), "CAMPAIGN_CALL_AUTO"),
        (int(second), "CAMPAIGN_MANUAL"),
    ]


async def test_campaign_that_paused_itself_is_listed_and_shown_with_its_reason(run, tenant, conn):
    campaign_id = created(run)
    output_of(run(f"start --campaign {campaign_id}"))
    assert shown(run, campaign_id)["pauseReason"] == "-"
    why = PauseReason.SOUND_NOT_PLAYED
    assert await store.pause_itself(conn, tenant.tenant_id, CampaignId(int(campaign_id)), why, 3)
    assert f"{campaign_id}\tA\tCAMPAIGN_CALL_AUTO\tpaused\t-\t0\t0\t0\t0\tsound_not_played\n" in output_of(run("list"))
    found = shown(run, campaign_id)
    assert (found["status"], found["pauseReason"]) == ("paused", "sound_not_played")
    output_of(run(f"start --campaign {campaign_id}"))
    assert shown(run, campaign_id)["pauseReason"] == "-"


async def test_sound_that_the_switch_does_not_have_is_refused_at_the_start_and_as_a_setting(run, pool):
    has: dict[str, bool | None] = {"spring": False}
    campaign_id = created(run, "--audio spring")
    async with sounds.led(pool, has):
        refused = complaint_of(await asyncio.to_thread(run, f"start --campaign {campaign_id}"), 1)
        assert "does not have the sound spring (audioFile)" in refused
        refused = complaint_of(await asyncio.to_thread(run, f"set --campaign {campaign_id} --abandon-audio spring"), 1)
        assert "--abandon-audio must be a sound that the switch has, not 'spring'" in refused
        has["spring"] = True
        started = await asyncio.to_thread(run, f"start --campaign {campaign_id}")
        assert output_of(started) == f"Campaign {campaign_id} is running\n"


def test_set_changes_what_is_given_and_leaves_the_rest(run):
    campaign_id = created(run, "--cps 3 --preset vn_advertising")
    before = shown(run, campaign_id)
    output_of(run(f"set --campaign {campaign_id} --priority 4"))
    assert shown(run, campaign_id) == before | {"priority": "4"}
    assert before["numberCap"] == "1/24h"


def test_json_is_as_the_api_has_it(run):
    campaign_id = created(run, "--window 'daily 09:00-10:00' --audio a")
    found = json.loads(output_of(run(f"show --campaign {campaign_id} --json")))
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert found["callingWindows"] == found["effectiveWindows"] == [{"days": days, "from": "09:00", "to": "10:00"}]
    assert (found["campaignId"], found["audioFile"], found["contacts"]) == (int(campaign_id), "a", 0)


def test_advertising_gets_the_preset_of_the_tenants_country(run):
    assert shown(run, created(run, "--purpose advertising"))["preset"] == "vn_advertising"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--mode power", "agentless"),
        ("--caller-id 0901@evil", "3 to 15 digits"),
        ("--trunk 'a&PJSIP/1900'", "letters, digits"),
        ("--audio ../../etc/passwd", "without .."),
        ("--ring-timeout 61", "15<=x<=60"),
        ("--cps 0", "1<=x<=200"),
        ("--abandon-cap 101", "0<=x<=100"),
        ("--window 'monday 8-17'", "'mon-fri 08:00-17:00'"),
        ("--window 'mon 08:00-17:00' --window ''", "give it alone"),
        ("--retry answered=1h*2", "no_answer, busy"),
        ("--retry busy=10", "OUTCOME=60m*3"),
        ("--retry busy=90s*3", "whole minutes"),
        ("--contact-cap 6/90m", "1/24h"),
        ("--contact-cap x", "6 for calls in all time"),
        ("--number-cap 6", "1/24h"),
        ("--queue x", "no id"),
    ],
)
def test_option_that_cannot_be_read_says_what_is_expected(options, expected):
    answer = CliRunner().invoke(program, shlex.split(f"campaign create --tenant 5 --name A {options}"))
    assert expected in answer.stderr
    assert answer.exit_code == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--mode predictive", "--mode predictive needs a --queue"),
        ("--queue 99999999999", "queue 99999999999 not found"),
        ("--purpose advertising --preset none", "--preset must be vn_advertising"),
        ("--preset vn_advertising --window 'mon 18:00-19:00'", "--window leave no time to call"),
        ("--window 'mon 19:00-18:00'", "over midnight"),
        ("--window 'mon 25:00-26:00'", "00:00 to 23:59"),
        ("--retry busy=0m*3", "--retry.busy.afterMin must be 1 to 43200"),
        ("--contact-cap 0", "--contact-cap.calls must be 1 to 1000"),
        ("--number-cap 0/24h", "--number-cap.calls must be 1 to 1000"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_and_no_campaign_is_made(run, options, expected):
    assert expected in complaint_of(run(f"create --name A {options}"), 1)
    assert len(output_of(run("list")).splitlines()) == 1


def test_campaign_that_the_tenant_does_not_have(run):
    assert "campaign 99999999999 not found; list campaigns with tongdai campaign list" in complaint_of(
        run("set --campaign 99999999999 --cps 3"), 1
    )
    for command in ("show", "start", "pause", "stop"):
        assert "campaign 99999999999 not found; list campaigns with tongdai campaign list" in complaint_of(
            run(f"{command} --campaign 99999999999"), 1
        )


def test_nothing_to_set_is_an_error(run):
    campaign_id = created(run)
    assert "at least one setting" in run(f"set --campaign {campaign_id}").stderr


async def test_campaign_is_started_paused_gone_on_with_and_stopped(request, run, conn, tenant):
    campaign_id = created(run)
    moves = [("start", "running"), ("pause", "paused"), ("start", "running"), ("stop", "stopped")]
    for action, status in moves:
        assert output_of(run(f"{action} --campaign {campaign_id}")) == f"Campaign {campaign_id} is {status}\n"
        assert shown(run, campaign_id)["status"] == status
    by = tenant.key.key_id if request.node.callspec.params["run"] == "at_server" else None
    audited = await conn.fetch(
        """select action from audit
           where tenant_id = $1 and subject = $2 and key_id is not distinct from $3 order by audit_id""",
        tenant.tenant_id, f"campaign {campaign_id}", by)  # fmt: skip
    assert [row["action"] for row in audited][-4:] == [f"campaign.{action}" for action, _ in moves]


def test_move_that_its_status_does_not_allow_is_refused_and_changes_nothing(run):
    campaign_id = created(run)

    def refusal(action):
        return complaint_of(run(f"{action} --campaign {campaign_id}"), 1)

    for action in ("pause", "stop"):
        assert f"cannot {action} a campaign that is inprocess" in refusal(action)
    output_of(run(f"start --campaign {campaign_id}"))
    output_of(run(f"stop --campaign {campaign_id}"))
    for action in ("start", "pause", "stop"):
        assert f"cannot {action} a campaign that is stopped" in refusal(action)
    assert shown(run, campaign_id)["status"] == "stopped"


async def test_campaign_of_another_tenant_is_not_moved(run, other_tenant):
    theirs = await other_tenant.campaign()
    assert f"campaign {theirs} not found" in complaint_of(run(f"start --campaign {theirs}"), 1)
    assert (await other_tenant.done("GET", f"/v1/campaigns/{theirs}"))["status"] == 1


async def test_both_ways_print_the_same(in_database, at_server, tenant):
    campaign_id = created(in_database, ALL.format(queue=await tenant.queue()))
    for number in ("0901000001", "0901000002"):
        await tenant.contact(int(campaign_id), number)
    for line in ("list", "list --json", f"show --campaign {campaign_id}", f"show --campaign {campaign_id} --json"):
        assert output_of(in_database(line)) == output_of(at_server(line))


async def test_a_platform_key_acts_for_the_tenant_that_is_named(conn, api_server, tenant):
    platform = await factories.platform_key(conn, PEPPER.encode())
    campaign_id = await tenant.campaign()
    listed = programs.run(
        "campaign",
        "list",
        "--tenant",
        str(tenant.tenant_id),
        TONGDAI_URL=api_server.url,
        TONGDAI_API_KEY=platform.value,
    )
    assert f"\n{campaign_id}\tA campaign\t" in output_of(listed)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "Missing option '--tenant'"),
        ("--url http://127.0.0.1:1", "--url needs a key"),
        ("--key sk_live_x --data-dir /nowhere", "--url and --key use a server"),
        ("--key ''", "no API key: give --key or set TONGDAI_API_KEY."),
        ("--key é", "--key must consist of printable ASCII characters."),
        ("--key x --url ftp://example", "--url must begin with http:// or https://"),
    ],
)
def test_options_that_name_neither_or_both_are_wrong_usage(options, expected):
    assert expected in complaint_of(programs.run("campaign", "list", *shlex.split(options)), 2)


def test_options_of_the_database_win_over_a_key_in_the_environment(dsn, tenant):
    options = ("--tenant", str(tenant.tenant_id), "--database-url", session_of(dsn))
    listed = programs.run("campaign", "list", *options, TONGDAI_URL="http://127.0.0.1:1", TONGDAI_API_KEY="x")
    assert len(output_of(listed).splitlines()) == 1


def test_a_server_that_is_away_or_refuses_the_key_is_reported(api_server):
    away = programs.run("campaign", "list", TONGDAI_URL="http://127.0.0.1:1", TONGDAI_API_KEY="x")
    assert "no answer from the server at http://127.0.0.1:1" in complaint_of(away, 1)
    wrong = programs.run("campaign", "list", TONGDAI_URL=api_server.url, TONGDAI_API_KEY="sk_live_wrong")
    assert "does not accept the key" in complaint_of(wrong, 1)
