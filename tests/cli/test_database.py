"""Which database a command uses, and what it says when that cannot be reached."""

import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import programs
from tests.support.programs import complaint_of, output_of
from tongdai.db.pool import connect


async def test_external_database_is_migrated_once(own_data_dir: tuple[Path, str]) -> None:
    root = await connect(own_data_dir[1], name="tests")
    await root.execute("create database empty")
    await root.close()
    url = urlsplit(own_data_dir[1])._replace(path="/empty").geturl()
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


def test_wrong_password_is_reported_without_the_password(own_data_dir: tuple[Path, str]) -> None:
    wrong = re.sub(r":[^:@/]+@", ":sesame@", own_data_dir[1])
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


@pytest.mark.parametrize(
    "command",
    [
        ("dialing", "hold"),
        ("dialing", "status"),
        ("tenant", "list"),
        ("key", "create", "--tenant", "5", "--scopes", "queue"),
    ],
)
def test_misspelt_data_directory_is_reported_and_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Dialing would be held in an empty database, while the server that was meant dials on."""
    misspelt = tmp_path / "dta"
    line = complaint_of(programs.run(*command, "--data-dir", str(misspelt)), 1)
    assert f"{misspelt} has no database: name the data directory with --data-dir" in line
    assert not misspelt.exists()
