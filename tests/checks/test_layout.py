"""The tests mirror the source: a folder for each folder; what several modules need is in tests/support."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import LONGEST, SLOW

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
OF_THEIR_OWN = {
    "browser": "the console, in Chromium",
    "checks": "the checks of this repository",
    "client": "the SDK, with a server",
    "deploy": "the files of deploy/",
    "external": "a script",
    "failover": "several servers of PostgreSQL",
    "flows": "the whole program",
    "hardening": "the whole program, attacked, overloaded or killed",
    "live": "a real Asterisk",
    "packaging": "the distributions",
    "support": "what tests need",
}
"""Folders that mirror none of the package."""


def modules() -> Iterator[Path]:
    yield from sorted(TESTS.rglob("test_*.py"))


def imported_by(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_imports_a_test_module() -> None:
    found = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sorted(TESTS.rglob("*.py"))
        for name in imported_by(file)
        if name.startswith("tests.") and name.rpartition(".")[2].startswith("test_")
    ]
    assert found == []


def test_folders_of_tests_are_folders_or_modules_of_the_package() -> None:
    folders = {file.parent.relative_to(TESTS) for file in modules()}
    own = {folder for folder in folders if folder.parts and folder.parts[0] in OF_THEIR_OWN}
    package = ROOT / "tongdai"
    missing = sorted(
        str(folder)
        for folder in folders - own
        if not (package / folder).is_dir() and not (package / folder).with_suffix(".py").is_file()
    )
    assert missing == []
    assert OF_THEIR_OWN.keys() <= {folder.name for folder in TESTS.iterdir()}


def test_files_that_start_first_or_are_slow_exist() -> None:
    named = [ROOT / file for file in LONGEST] + [TESTS / slow for slow in SLOW]
    assert [str(path) for path in named if not path.exists()] == []
