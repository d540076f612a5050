"""Where settings come from, and what is said of one that cannot be read."""

from pathlib import Path

import pytest

from tests.support.asterisk_settings import ASTERISK
from tongdai.errors import OperatorError
from tongdai.settings.sources import load


def test_environment_configures_the_switch() -> None:
    environment = {f"TONGDAI_{name.upper()}": value for name, value in ASTERISK.items()}
    assert load(None, environment, {}).trunk == "carrier"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "TONGDAI_PORT must be a whole number, not 'eighty'"),
        ("ADMIN_PORT", "eighty", "TONGDAI_ADMIN_PORT must be a whole number, not 'eighty'"),
        ("DRAIN_S", "long", "TONGDAI_DRAIN_S must be a number, not 'long'"),
        ("LOG_FORMAT", "xml", "TONGDAI_LOG_FORMAT must be json or text, not 'xml'"),
        ("LIMIT_HEADERS", "a,b", r"TONGDAI_LIMIT_HEADERS must be a list of 4, not"),
    ],
)
def test_variable_that_cannot_be_read_says_what_is_expected(name: str, value: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        load(None, {f"TONGDAI_{name}": value}, {})


def test_setting_of_a_file_that_cannot_be_read_says_what_is_expected(tmp_path: Path) -> None:
    file = tmp_path / "tongdai.toml"
    file.write_text('port = "eighty"\n')
    with pytest.raises(OperatorError, match=r"tongdai\.toml: port must be a whole number, not 'eighty'"):
        load(file, {}, {})


def test_defaults_of_a_command_precede_those_of_the_server_and_yield_to_what_is_given() -> None:
    defaults = {"port": 1, "workers": 2, "drain_s": 3.0}
    found = load(None, {"TONGDAI_WORKERS": "4"}, {"drain_s": 5.0}, defaults)
    assert (found.port, found.workers, found.drain_s, found.max_calls) == (1, 4, 5.0, 1000)
