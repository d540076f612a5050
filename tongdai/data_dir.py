"""The data directory: other users may enter it, as the database's user does when root runs the server, and list
nothing."""

from pathlib import Path


def ensure(data_dir: Path) -> None:
    """Create the data directory if it is missing; one that is there keeps its mode."""
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)


def ensure_private(data_dir: Path, name: str) -> Path:
    """Create a folder in the data directory that is this user's alone, and return it."""
    ensure(data_dir)
    folder = data_dir / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
