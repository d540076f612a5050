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


def test_demo_calls_nobody_by_the_asterisk_of_the_environment(tmp_path: Path) -> None:
    asterisk = {"TONGDAI_ASTERISK": "ws://127.0.0.1:8088", "TONGDAI_ASTERISK_PASSWORD": "x", "TONGDAI_TRUNK": "a"}
    said = complaint_of(programs.run("demo", "--data-dir", str(tmp_path / "data"), **asterisk), 2)
    assert "unset TONGDAI_ASTERISK and --asterisk, or use tongdai serve" in said
    assert not (tmp_path / "data").exists()
