"""`tongdai contacts` of somebody with a key, a campaign and a folder."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support import programs
from tests.support.processes import spawn
from tests.support.programs import PLAIN, PROGRAM
from tests.support.servers import Server
from tongdai.testing.factories import vn_mobile
from tongdai_client import Client

MESSY = """\
Số điện thoại,Họ tên,Mã KH
0901000001,Nguyễn Văn A,1
+84 901 000 001,Nguyễn Văn A,2
0901,Trần B,3
,Lê C,4
0901000005,Phạm D,5
12345x,Đỗ E,6
0902,Võ F,7
"""


@dataclass(frozen=True)
class Desk:
    """Somebody with a key, a campaign and a folder."""

    server: Server
    client: Client
    key: str
    campaign_id: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return PLAIN | {"TONGDAI_URL": self.server.url, "TONGDAI_API_KEY": self.key, "TERM": "xterm", "COLUMNS": "110"}

    def command(self, *args: str | Path, group: str = "contacts") -> list[str]:
        return [str(PROGRAM), group, *map(str, args), "--campaign", str(self.campaign_id)]

    def run(self, *args: str | Path, group: str = "contacts", **env: str) -> "subprocess.CompletedProcess[str]":
        return programs.tongdai(*self.command(*args, group=group)[1:], environment=self.environment | env)

    def started(self, *args: str | Path) -> "subprocess.Popen[str]":
        return spawn(self.command(*args), self.environment)

    def file(self, content: str = MESSY, name: str = "customers.csv") -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def many(self, rows: int) -> Path:
        return self.file("phoneNumber\n" + "".join(f"{vn_mobile(n)}\n" for n in range(rows)))

    @property
    def contacts(self) -> int:
        return self.client.campaign(self.campaign_id).contact_count


def await_import(command: "subprocess.Popen[str]") -> int:
    """The id of the import, once its progress is reported."""
    assert command.stderr is not None
    for line in command.stderr:
        if found := re.match(r"Import (\d+):", line):
            return int(found[1])
    raise AssertionError("no import was reported")
