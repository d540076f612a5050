"""Private files in the data directory of the demo: its key, and the password of its users."""

import os
from pathlib import Path

from tongdai.errors import OperatorError


def read(path: Path) -> str:
    """The secret; empty: there is none."""
    try:
        return path.read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from None


def write(path: Path, value: str) -> None:
    """Write a private file atomically."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value + "\n")
        draft.replace(path)
    except OSError as error:
        raise OperatorError(f"cannot keep a secret of the demo in {path}: {error.strerror}") from None
