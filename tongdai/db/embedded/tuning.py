"""Settings of the embedded server, with reasons."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from tongdai.db.embedded.programs import CWD

_RECOVERY = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}
"""After a crash the file system is written in one go: by default each of 1,700 files is flushed, 3 ms each on a disk
without a cache of its own, in which time nobody can lead a switch."""


def settings(data_dir: Path, shared_buffers_mb: int | None = None) -> dict[str, str | float]:
    """The settings as command-line flags, which follow the program's version and the machine and override any
    file."""
    return {
        "cluster_name": str(data_dir)[-60:],  # identifies the processes in ps
        "unix_socket_directories": CWD,
        "port": 5432,
        "listen_addresses": "",  # only this machine
        "max_connections": 200,  # each worker's pool, the engine, and room for psql
        "shared_buffers": f"{shared_buffers_mb or _shared_buffers_mb()}MB",
        "max_parallel_workers_per_gather": 0,  # short statements on few cores; containers have little /dev/shm
        "jit": "off",  # compiling takes longer than these statements
        "wal_compression": "off",  # pglz alone is built in: it took two thirds of an import into a large campaign
        "max_wal_size": "4GB",  # imports write much: checkpoints by time, not by volume
        "checkpoint_timeout": "15min",
        "fsync": "on",  # these three: acknowledged transactions are on disk
        "full_page_writes": "on",
        "synchronous_commit": "on",
        **_RECOVERY,
        "random_page_cost": 1.1,  # SSDs
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Keys, names and numbers never get into the log: neither statements, nor parameters, nor the rows that
        # the details of an error quote. Errors' own messages: see cluster.dsn_of.
        "log_statement": "none",
        "log_min_duration_statement": -1,
        "log_min_error_statement": "panic",
        "log_parameter_max_length": 0,
        "log_parameter_max_length_on_error": 0,
        "log_error_verbosity": "terse",
    }


def _shared_buffers_mb() -> int:
    """A quarter of the memory of the machine or container, at most 4 GB: the page cache of the system does the rest.

    A campaign of five million contacts with its indexes fits in 4 GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no such limit, or `max`
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(128, min(4096, memory // 2**22))
