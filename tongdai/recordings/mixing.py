"""Runs the process that makes one file of the two sides of a recording."""

import asyncio
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import msgspec
import structlog

from tongdai.files.process import NICE, NO_ROOM
from tongdai.recordings import mix
from tongdai.recordings.mix.sides import samples_in
from tongdai.recordings.mix.task import NO_SOUND, UNREADABLE, MixTask
from tongdai.recordings.model import RATE, Failure

log = structlog.get_logger()


class MixingError(Exception):
    """The process failed: whether the next try does is not known."""


def format_name() -> str:
    """`mp3`, or `wav` where nothing on this machine writes MP3 (tongdai[sounds])."""
    return "wav" if find_spec("soundfile") is None else "mp3"


def seconds_of(customer: Path, others: Path) -> float:
    """The length of what is made of two sides."""
    return round(max(samples_in(customer), samples_in(others)) / RATE, 2)


async def mixed(customer: Path, others: Path, out: Path, form: str) -> Failure | None:
    """Write the stereo file of two sides; None: it is there. Raises MixingError, and OSError when the disk is full."""
    task = msgspec.json.encode(MixTask(os.getpid(), [str(customer), str(others)], str(out), form)).decode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", mix.__name__, task, stdin=asyncio.subprocess.DEVNULL
    )
    with suppress(ProcessLookupError):  # it has ended
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    match code:
        case 0:
            return None
        case _ if code == NO_SOUND:
            return Failure.NO_SOUND
        case _ if code == UNREADABLE:
            return Failure.UNREADABLE
        case _:
            reason = "the disk is full" if code == NO_ROOM else f"exit code {code}"
            raise MixingError(reason)
