"""How this program was called, for messages that name a command to call next."""

import shutil
import sys
from pathlib import Path


def invocation() -> str:
    """`tongdai` where the shell finds this program by that name, else the path that it was called by."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{sys.executable} -m tongdai.cli"
    found = shutil.which("tongdai")
    return "tongdai" if found is not None and Path(found).resolve() == called.resolve() else str(called)
