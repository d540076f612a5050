"""Runs of the command `tongdai`: its output and exit code, from a process forked off one that has imported it.

A new interpreter takes longer for the imports than most commands run. Tests of `serve`, `demo`, `version` and of all
commands on terminals start the installed program instead, which shows that it starts.
"""

import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NoReturn

from tongdai import cli

WITHIN_S = 60
PROGRAM = Path(sys.executable).parent / "tongdai"
"""The installed program."""
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("TONGDAI_")}
"""The environment without settings of Tongdai."""
_MODULES = sorted({module for module, _ in cli.COMMANDS.values() if module is not None})


def tongdai(*args: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the command as `subprocess.run` would, with empty standard input."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _forks().Process(target=_main, args=(args, dict(environment), Path.cwd(), out, err))
        process.start()
        process.join(WITHIN_S)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(args, WITHIN_S)
        return subprocess.CompletedProcess(args, process.exitcode, out.read_text(), err.read_text())


def run(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with these variables and no other settings in its environment."""
    return tongdai(*args, environment=PLAIN | env)


def output_of(process: "subprocess.CompletedProcess[str]") -> str:
    """The standard output of a command that must succeed."""
    assert process.returncode == 0, process.stderr
    return process.stdout


def complaint_of(process: "subprocess.CompletedProcess[str]", code: int, *, progress: bool = False) -> str:
    """The one line on standard error of a command that must fail and print nothing else.

    `progress`: it may have reported progress on standard error before.
    """
    assert process.returncode == code, process.stderr
    assert process.stdout == ""
    *before, line = process.stderr.splitlines(keepends=True)
    assert progress or not before, process.stderr
    assert re.fullmatch(r"tongdai: .+\n", line), process.stderr
    assert "Traceback" not in process.stderr
    return line


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["__main__", __name__, *(f"{cli.__name__}.commands.{module}" for module in _MODULES)]
    )
    return context


def _main(args: tuple[str, ...], environment: dict[str, str], here: Path, out: Path, err: Path) -> NoReturn:
    """Run the command; called in the new process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(here)
    for path, standard in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, standard)
        os.close(opened)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115 - of the process, to its end
    cli.main(args)
