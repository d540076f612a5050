"""A restored cluster takes the place of another one completely or not at all, wherever the process is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tongdai.db.embedded import exchange
from tongdai.errors import OperatorError

OLD, NEW = {"postgres/data": "old", "key.pepper": "old"}, {"postgres/data": "new", "key.pepper": "new"}

KILLED = """
import os, signal, sys
from pathlib import Path
from tongdai.db.embedded import exchange

CHANGES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}

def killed_before(step, data_dir):
    seen = -1
    def hook(event, args):
        nonlocal seen
        if event in CHANGES and str(data_dir) in str(args[0]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

for step, data_dir in enumerate(map(Path, sys.argv[2:])):
    if (child := os.fork()) == 0:
        killed_before(step, data_dir)
        getattr(exchange, sys.argv[1])(data_dir)
        os._exit(0)
    print(os.WIFSIGNALED(os.waitpid(child, 0)[1]))
"""
"""Calls a function on each of the data directories, killed before one operation on files later in each."""
STEPS = 40


def made(data_dir: Path, *, former: bool, complete: bool) -> Path:
    """A data directory with a restored cluster, and one that it replaces."""
    scratch = data_dir / exchange.SCRATCH
    (scratch / "beside").mkdir(parents=True)
    for path in (data_dir / "postgres", scratch / "postgres") if former else (scratch / "postgres",):
        path.mkdir()
    if former:
        (data_dir / "postgres/data").write_text("old")
        (data_dir / "key.pepper").write_text("old")
    (scratch / "postgres/data").write_text("new")
    (scratch / "beside/key.pepper").write_text("new")
    if complete:
        exchange.complete(data_dir)
    return data_dir


def contents(data_dir: Path) -> dict[str, str]:
    return {str(path.relative_to(data_dir)): path.read_text() for path in sorted(data_dir.rglob("*")) if path.is_file()}


def test_complete_cluster_takes_its_place_and_the_former_one_is_kept(tmp_path: Path) -> None:
    made(tmp_path, former=True, complete=True)
    assert exchange.finish(tmp_path) == tmp_path / "postgres.former"
    assert contents(tmp_path) == NEW | {"postgres.former/data": "old", "key.pepper.former": "old"}
    assert exchange.finish(tmp_path) is None
    assert contents(tmp_path)["postgres/data"] == "new"


def test_second_restore_keeps_both_former_ones(tmp_path: Path) -> None:
    made(tmp_path, former=True, complete=True)
    exchange.finish(tmp_path)
    (tmp_path / "restore/beside").mkdir(parents=True)
    (tmp_path / "restore/postgres").mkdir()
    (tmp_path / "restore/postgres/data").write_text("newest")
    exchange.complete(tmp_path)
    assert exchange.finish(tmp_path) == tmp_path / "postgres.former-2"
    found = contents(tmp_path)
    assert (found["postgres/data"], found["postgres.former-2/data"], found["postgres.former/data"]) == (
        "newest", "new", "old",
    )  # fmt: skip


def test_new_data_directory_gets_the_cluster(tmp_path: Path) -> None:
    made(tmp_path, former=False, complete=True)
    assert exchange.has_cluster(tmp_path)
    assert exchange.finish(tmp_path) is None
    assert contents(tmp_path) == NEW


def test_interrupted_restore_is_discarded_where_there_is_a_cluster(tmp_path: Path) -> None:
    made(tmp_path, former=True, complete=False)
    assert exchange.finish(tmp_path) is None
    assert contents(tmp_path) == OLD


def test_interrupted_restore_into_a_new_data_directory_is_refused(tmp_path: Path) -> None:
    made(tmp_path, former=False, complete=False)
    assert not exchange.has_cluster(tmp_path)
    with pytest.raises(OperatorError, match=r"was interrupted: repeat it, or delete .*restore to begin with no data"):
        exchange.finish(tmp_path)


@pytest.mark.parametrize("former", [True, False], ids=["over a cluster", "into a new directory"])
@pytest.mark.parametrize("function", ["complete", "finish"])
def test_process_that_is_killed_anywhere_leaves_the_old_or_the_new(tmp_path: Path, function: str, former: bool) -> None:
    """Killed before each operation on files in turn; then a start does what is left."""
    data_dirs = [made(tmp_path / str(step), former=former, complete=function == "finish") for step in range(STEPS)]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, function, *map(str, data_dirs)], check=True, capture_output=True, text=True
    ).stdout.split()
    assert len(ended) == STEPS
    assert 4 < ended.count("True") < STEPS, "killed several times, and then not any more"
    found = [after_a_start(data_dir, former=former) for data_dir in data_dirs]
    assert found == sorted(found, reverse=True), "once it is the new one it stays that"
    assert set(found) == ({"new"} if function == "finish" else {"old", "new"})


def after_a_start(data_dir: Path, *, former: bool) -> str:
    """Start once more, and tell what is found: the old data directory, or the new one with the old one beside it."""
    try:
        exchange.finish(data_dir)
    except OperatorError:
        assert not former
        assert not (data_dir / "postgres").exists()
        return "old"
    found = contents(data_dir)
    if found == OLD:
        assert former
        return "old"
    assert found == NEW | ({"postgres.former/data": "old", "key.pepper.former": "old"} if former else {})
    return "new"
