"""`tongdai health`."""

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server


async def test_the_command_fails_where_a_part_does(api_server: Server) -> None:
    key = await api_server.key()
    ended = programs.tongdai(
        "health", environment=PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    )
    assert ended.returncode == 1, ended.stderr
    assert "telephony\tfailed\tno_telephony\tNo process leads the switch" in ended.stdout
