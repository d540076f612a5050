"""Messages name a next command as this program was called."""

import sys
from pathlib import Path

import pytest

from tongdai.cli.invocation import invocation


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tongdai"
    program.touch(mode=0o755)
    return program


def test_by_its_name_where_the_shell_finds_it(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    assert invocation() == "tongdai"


def test_by_its_path_where_the_shell_finds_none_or_another(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/tongdai", "demo"])
    for path in (program.parent, tmp_path):
        monkeypatch.setenv("PATH", str(path))
        assert invocation() == ".venv/bin/tongdai"


def test_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/lib/tongdai/cli/__main__.py", "demo"])
    assert invocation() == f"{sys.executable} -m tongdai.cli"
