"""`tongdai report`."""

from pathlib import Path

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server


async def test_report_is_printed_or_saved(api_server: Server, tmp_path: Path) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    ended = programs.tongdai("report", "queues", "--from", "2026-03-10", environment=environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("from\tqueue\toffered\tanswered")
    for report in ("agents", "offers", "missed", "campaigns", "imports"):
        ended = programs.tongdai("report", report, "--from", "2026-03-10", environment=environment)
        assert (ended.returncode, ended.stderr, ended.stdout[:5]) == (0, "", "from\t")
        saved = tmp_path / f"{report}.csv"
        ended = programs.tongdai("report", report, "--output", str(saved), environment=environment)
        assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", f"Saved {saved}\n")
        assert saved.read_bytes().startswith(b"\xef\xbb\xbffrom,to,")
    file = tmp_path / "march.xlsx"
    ended = programs.tongdai("report", "queues", "--interval", "60", "--output", str(file), environment=environment)
    assert (ended.returncode, ended.stdout) == (0, f"Saved {file}\n")
    assert file.read_bytes().startswith(b"PK")


def test_wrong_day_and_file_are_wrong_usage(api_server: Server) -> None:
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": "x"}
    for wrong in (["--from", "yesterday"], ["--output", "a.pdf"]):
        assert programs.tongdai("report", "queues", *wrong, environment=environment).returncode == 2
