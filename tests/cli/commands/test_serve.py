"""`tongdai serve` and `tongdai demo`, started as they are installed."""

import json
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.support import programs
from tests.support.programs import PLAIN, PROGRAM, complaint_of, output_of
from tests.support.servers import eventually
from tongdai.db.pool import connect


@contextmanager
def started(*args: str, ready: str, **env: str) -> "Iterator[tuple[subprocess.Popen[str], list[str]]]":
    """A server and what it has printed up to the line that has `ready`; stopped at the end, which must go well."""
    argv = [PROGRAM, *args, "--port", "0", "--admin-port", "0"]
    process = subprocess.Popen(argv, env=PLAIN | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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
        data_dir = Path(folder) / "tongdai-demo"
        with started("demo", ready="Stop with Ctrl-C", XDG_DATA_HOME=folder) as (_, lines):
            said = "".join(lines)
            assert f"  Data     {data_dir}\n" in said
            assert not re.search(r"^\S+ info ", said, re.MULTILINE)  # calls would scroll the key away
            found = re.search(r"curl -H '(X-Api-Key): (\S+)' (\S+)\n", said)
            assert found is not None
            header, value, url = found.groups()
            answer = httpx2.get(url, headers={header: value}).json()
            assert [row["contactCount"] for row in answer["data"]] == [150, 30]
            watched = re.search(r"^  (\S+) (top --url \S+ --key \S+)$", said, re.MULTILINE)
            assert watched is not None
            assert watched[1] == str(PROGRAM)
            shown = ""
            for _ in range(60):  # the dialer comes up beside the server
                shown = output_of(programs.run(*watched[2].split(), "--once", COLUMNS="120"))
                if "switch default up (simulated " in shown:
                    break
            assert "switch default up (simulated " in shown
            docs = re.search(r"Docs +(\S+)", said)
            assert docs is not None
            assert httpx2.get(docs[1]).status_code == 200
            beside = programs.run("campaign", "list", "--tenant", "20260310", "--data-dir", str(data_dir))
            row = "1042\tKhao sat khach hang\tCAMPAIGN_CALL_AUTO\tinprocess\t-\t180\t180\t0\t0\t-\n"
            assert row in output_of(beside)
        with started("serve", "--data-dir", str(data_dir), ready="tongdai: ready on http://127.0.0.1:") as (_, lines):
            url = lines[-1].split()[-1]
            answer = httpx2.get(f"{url}/v1/queues/inbound", headers={header: value}).json()
            assert answer["totalRecord"] == 4
        listed = json.loads(output_of(programs.run("key", "list", "--json", "--data-dir", str(data_dir))))
        assert [row["name"] for row in listed] == ["demo"]


# That somebody talks shows that reconciliation is over, which sets those offline whose phones the switch does not know.
ALL_AT_PHONES = """
select count(*) filter (where state not in ('offline', 'calling', 'hanging_up')) = 5
    and count(*) filter (where state = 'talking') > 0
from agent where mode = 'nailed_up'
"""


async def test_agents_of_the_demo_are_at_their_phones_in_the_second_run_too() -> None:
    everybody_answers = {"TONGDAI_SIMULATED_ANSWER_RATE": "1"}
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        for _ in range(2):
            with started("demo", "--data-dir", str(data_dir), ready="Stop with Ctrl-C", **everybody_answers):
                dsn = output_of(programs.run("dsn", "--data-dir", str(data_dir))).strip()
                conn = await connect(dsn, name="tests")
                assert await conn.fetchval("show shared_buffers") == "256MB"
                await eventually(lambda conn=conn: conn.fetchval(ALL_AT_PHONES), 60, "five agents, one of whom talks")
                await conn.close()


def test_demo_calls_nobody_by_the_asterisk_of_the_environment(tmp_path: Path) -> None:
    asterisk = {"TONGDAI_ASTERISK": "ws://127.0.0.1:8088", "TONGDAI_ASTERISK_PASSWORD": "x", "TONGDAI_TRUNK": "a"}
    said = complaint_of(programs.run("demo", "--data-dir", str(tmp_path / "data"), **asterisk), 2)
    assert "unset TONGDAI_ASTERISK and --asterisk, or use tongdai serve" in said
    assert not (tmp_path / "data").exists()


def test_talk_time_of_the_simulated_switch_is_an_option(tmp_path: Path) -> None:
    said = complaint_of(programs.run("demo", "--data-dir", str(tmp_path / "data"), "--simulated-talk-seconds", "0"), 1)
    assert "simulated_talk_s must be above 0" in said
