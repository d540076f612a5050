"""Metrics on a full disk: nothing ends the process, and values in files are complete."""

import errno
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client.mmap_dict import MmapedDict

from tongdai.metric_files import AllocatedDict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no allocation ahead")
MANY = 5000


@contextmanager
def opened(path: Path) -> Generator[Any]:
    """A file of values; the library has no types."""
    file = cast("Any", AllocatedDict(str(path)))
    try:
        yield file
    finally:
        file.close()


def values_of(file: Any) -> dict[str, float]:
    return {key: value for key, value, _ in file.read_all_values()}


def fill(file: Any, first: int, last: int) -> None:
    for number in range(first, last):
        file.write_value(f"key {number}", float(number), 0.0)


WRITTEN = {f"key {number}": float(number) for number in range(MANY)}


def test_values_are_read_by_the_library_and_their_blocks_are_allocated(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    with opened(path) as file:
        fill(file, 0, MANY)
        info = path.stat()
        assert info.st_blocks * 512 >= info.st_size > 64 * 1024
        read = cast("Any", MmapedDict).read_all_values_from_file(str(path))
        assert {key: value for key, value, _, _ in read} == WRITTEN
    with opened(path) as file:
        assert values_of(file) == WRITTEN


def refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, "planted")


def test_new_values_are_kept_in_memory_where_no_block_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counter_1.db"
    with opened(path) as file:
        fill(file, 0, 10)
        monkeypatch.setattr(os, "posix_fallocate", refuse)
        fill(file, 10, MANY)
        assert values_of(file) == WRITTEN
        assert path.stat().st_size == 64 * 1024


def test_file_that_cannot_be_made_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with opened(tmp_path / "counter_1.db") as file:
        fill(file, 0, 10)
        assert len(values_of(file)) == 10
        assert list(tmp_path.iterdir()) == []


_COUNTS = """
import sys
from tongdai import metrics
for number in range(3000):
    metrics.TENANT_REQUESTS.labels(f"tenant {number}").inc()
print(metrics.TENANT_REQUESTS.labels("tenant 2999")._value.get())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system, as root alone may: A FULL DISK IS NOT TESTED HERE")
@pytest.mark.parametrize("size", ["32k", "128k", "8m"])
def test_process_on_a_disk_that_is_full_goes_on(tmp_path: Path, size: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", tmp_path], check=True)
    try:
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        ran = subprocess.run(
            [sys.executable, "-c", _COUNTS], env=environment, capture_output=True, text=True, check=False
        )
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
    assert (ran.returncode, ran.stdout) == (0, "1.0\n"), ran.stderr
