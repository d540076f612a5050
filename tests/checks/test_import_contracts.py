"""Import contracts hold for modules that do not exist yet: a planted import is refused."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the contracts are about."""
    for folder in ("tongdai", "clients/python/tongdai_client"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken(checkout: Path) -> list[str]:
    """The names of the contracts that do not hold."""
    script = (
        "import sys; sys.path[:0] = ['clients/python', '.']; from importlinter.cli import lint_imports; lint_imports()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=checkout, check=False, capture_output=True, text=True, timeout=100
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    flat = done.stdout.partition("Broken contracts")[0]
    return [line for line in flat.splitlines() if "BROKEN" in line]


PLANTED = {
    "tongdai/voicemail/__init__.py": ("", "Module dependencies point downwards"),
    "tongdai/calls/segments/model.py": ("import random\n", "Decisions are pure"),
    "tongdai/campaigns/core.py": ("import os\n", "Decisions are pure"),
    "tongdai/calls/segments/api.py": ("import asyncpg\n", "An api module"),
    "tongdai/calls/segments/store.py": ("from tongdai.http import paging\n", "A store decides nothing"),
    "tongdai/cli/lists.py": ("from tongdai.contacts import store\n", "The command line"),
    "clients/python/tongdai_client/shortcut.py": ("from tongdai import ids\n", "The SDK contains nothing"),
}


def test_planted_imports_are_refused(checkout: Path) -> None:
    for path, (text, _) in PLANTED.items():
        file = checkout / path
        for folder in (file.parent, *file.parent.parents):
            if folder == checkout or folder.name in {"tongdai", "tongdai_client", "python", "clients"}:
                break
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        file.write_text(text)
    output = "\n".join(broken(checkout))
    assert [name for _, name in PLANTED.values() if name not in output] == []
