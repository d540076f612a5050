"""The wheels of the server and of the SDK, installed into empty environments and used there.

Dependencies come from the package index that pip is configured with. Without a reachable index the tests are skipped.
"""

import asyncio
import re
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.support.programs import PLAIN
from tests.support.servers import serving
from tongdai import __version__
from tongdai_client import __version__ as client_version

ROOT = Path(__file__).parents[2]
NO_INDEX = re.compile(
    r"Temporary failure in name resolution|Network is unreachable|Failed to establish a new connection"
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

USE = """
import asyncio, sys
import tongdai_client
from tongdai_client import AsyncClient, Client

url, key = sys.argv[1:]
assert "site-packages" in tongdai_client.__file__, tongdai_client.__file__
with Client(url, key) as client:
    campaign = client.create_campaign("Khảo sát")
    rows = [{"phoneNumber": "0901234567"}, {"phoneNumber": "1"}]
    job = client.wait(client.import_contacts(campaign.campaign_id, rows))
    print(job.created_rows, job.failed_rows, [row.outcome for row in client.import_rows(job)])

async def main():
    async with AsyncClient(url, key) as client:
        print((await client.campaign(campaign.campaign_id)).contact_count)

asyncio.run(main())
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, check=False, cwd=cwd, env=PLAIN, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, folder: Path) -> Path:
    """The wheel of a source tree."""
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, source)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def sdk_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT / "clients" / "python", tmp_path_factory.mktemp("sdk"))


@pytest.fixture(scope="module")
def server_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("server"))


def installed(folder: Path, *wheels: Path) -> Path:
    """The programs of a new environment with these wheels and what they depend on, installed from outside."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    command = [*pip(folder), "install", "--quiet", "--no-compile", *wheels]
    done = subprocess.run(command, check=False, env=PLAIN, capture_output=True, text=True, timeout=500)
    if NO_INDEX.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def pip(folder: Path) -> list[str | Path]:
    """pip for an environment that has none, where its installation would take longer than that of the wheels."""
    return [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "--disable-pip-version-check"]


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def packages(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name.partition("/")[0] for name in archive.namelist()}


def requirements(wheel: Path) -> set[str]:
    """The names of the distributions that it depends on."""
    return {re.split(r"[^A-Za-z0-9-]", line)[0] for line in metadata(wheel).get_all("Requires-Dist", [])}


def test_sdk_contains_no_server_and_depends_on_httpx2_and_msgspec_alone(sdk_wheel: Path) -> None:
    assert packages(sdk_wheel) == {"tongdai_client", f"tongdai_client-{client_version}.dist-info"}
    assert requirements(sdk_wheel) == {"httpx2", "msgspec"}
    with zipfile.ZipFile(sdk_wheel) as archive:
        assert "tongdai_client/py.typed" in archive.namelist()


def test_server_contains_no_sdk_and_depends_on_it(server_wheel: Path) -> None:
    assert packages(server_wheel) == {"tongdai", f"tongdai-{__version__}.dist-info"}
    assert "tongdai-client" in requirements(server_wheel)


@pytest.mark.parametrize("wheel", ["sdk_wheel", "server_wheel"])
def test_wheels_carry_license_authors_and_addresses(wheel: str, request: pytest.FixtureRequest) -> None:
    fields = metadata(request.getfixturevalue(wheel))
    assert (fields["License-Expression"], fields["License-File"]) == ("Apache-2.0", "LICENSE")
    assert fields["Author"] == "The Tongdai authors"
    assert len(fields.get_all("Project-URL", [])) >= 3
    assert fields["Description-Content-Type"] == "text/markdown"


async def test_sdk_is_used_from_an_empty_environment(sdk_wheel: Path, tmp_path: Path) -> None:
    programs = await asyncio.to_thread(installed, tmp_path / "venv", sdk_wheel)
    async with serving(tmp_path / "data") as server:
        key = await server.key()
        printed = await asyncio.to_thread(run, programs / "python", "-c", USE, server.url, key.value, cwd=tmp_path)
    assert printed.splitlines() == ["1 1 ['created', 'failed']", "1"]


def test_server_is_installed_with_the_sdk_into_an_empty_environment(
    sdk_wheel: Path, server_wheel: Path, tmp_path: Path
) -> None:
    programs = installed(tmp_path / "venv", sdk_wheel, server_wheel)
    assert run(programs / "tongdai", "version", cwd=tmp_path) == f"{__version__}\n"
    assert "contacts" in run(programs / "tongdai", "--help", cwd=tmp_path)
    assert "import" in run(programs / "tongdai", "contacts", "--help", cwd=tmp_path)
    run(*pip(tmp_path / "venv"), "check", cwd=tmp_path)
