"""Programs that `make test-deploy` fetches; their tests are skipped without."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
Tool = Callable[..., str]


@pytest.fixture
def program() -> Callable[[str], Path]:
    """The path of a program, by its path below the cache."""

    def find(path: str) -> Path:
        found = Path(os.environ.get("TONGDAI_DEPLOY_TOOLS", "/nonexistent"), path)
        if not found.exists():
            pytest.skip(f"{found.name} is fetched by make test-deploy")
        return found

    return find


@pytest.fixture
def tool(program: Callable[[str], Path]) -> Tool:
    """Run a program in deploy/, which must succeed; what it prints."""

    def run(path: str, *arguments: str) -> str:
        done = subprocess.run(
            [program(path), *arguments],
            cwd=DEPLOY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run
