"""Putting a restored cluster in place of a data directory's, completely or not at all, whenever the machine stops.

    restore/            a data directory under construction, with a server of its own
    restore/beside/     files that take the place of the data directory's, with the cluster
    restore/complete    written last: from then on `restore/` is put in place, by every start until that is done

Without `complete` a restore was interrupted, and `restore/` is discarded: what was there before is unchanged. Nothing
is deleted that was there: the former cluster and files stay under the name that `complete` has.
"""

import os
import shutil
from pathlib import Path

from tongdai.errors import OperatorError

SCRATCH, BESIDE, COMPLETE = "restore", "beside", "complete"
CLUSTER = "postgres"


def complete(data_dir: Path) -> None:
    """Declare that what is in `restore/` is whole. The caller owns the data directory, and no server runs in either."""
    scratch = data_dir / SCRATCH
    draft = scratch / f"{COMPLETE}.new"
    with draft.open("w") as file:
        file.write(_free_suffix(data_dir))
        file.flush()
        os.fsync(file.fileno())
    for folder in (scratch / BESIDE, scratch):
        _fsync(folder)
    draft.rename(scratch / COMPLETE)
    _fsync(scratch)


def _free_suffix(data_dir: Path) -> str:
    """`.former`, or with a number, so that nothing with it exists: each restore keeps what it replaces."""
    number, suffix = 1, ".former"
    while any(data_dir.glob(f"*{suffix}")):
        number += 1
        suffix = f".former-{number}"
    return suffix


def is_complete(data_dir: Path) -> bool:
    """Whether a restored cluster is whole, and waits for being put in place."""
    return (data_dir / SCRATCH / COMPLETE).exists()


def has_cluster(data_dir: Path) -> bool:
    """Whether there is a cluster, or one that is being put in place."""
    return (data_dir / CLUSTER).exists() or is_complete(data_dir)


def finish(data_dir: Path) -> Path | None:
    """Put a complete restore in place, and discard another one. Idempotent; the caller owns the data directory.

    Returns where the former cluster is; None: there was none, or nothing was to be done. OperatorError where a restore
    was interrupted and there is no cluster: an empty one would look like a restored one.
    """
    scratch, cluster = data_dir / SCRATCH, data_dir / CLUSTER
    if not is_complete(data_dir):
        if scratch.exists() and not cluster.exists():
            raise OperatorError(
                f"a restore into {data_dir} was interrupted: repeat it, or delete {scratch} to begin with no data"
            )
        shutil.rmtree(scratch, ignore_errors=True)
        return None
    suffix = (scratch / COMPLETE).read_text()
    for new in (scratch / CLUSTER, *sorted((scratch / BESIDE).glob("*"))):
        _put(new, data_dir / new.name, suffix)
    _fsync(data_dir)
    shutil.rmtree(scratch, ignore_errors=True)
    former = cluster.with_name(cluster.name + suffix)
    return former if former.exists() else None


def _put(new: Path, place: Path, suffix: str) -> None:
    """Move a file or folder to its place, and what is there out of it; does the rest after a crash in between."""
    if not new.exists():
        return
    if place.exists():
        place.rename(place.with_name(place.name + suffix))
    new.rename(place)


def _fsync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
