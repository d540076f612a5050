"""Refuse modules and folders that have grown too long to be read at once.

    python -m checks.sizes

A module has at most MAX_LINES lines: a longer one holds two things, and the second gets a module of its own. A folder
has at most MAX_MODULES modules, besides `__init__.py` and the modules of its subfolders: a larger one holds a second
noun, which gets a folder of its own. EXCEPTIONS names the folders that may have more, and why. Exit status 1 if
anything is refused.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
FOLDERS = ("tongdai", "clients", "tests", "checks")
MAX_LINES = 400
MAX_MODULES = 13
EXCEPTIONS: Mapping[str, str] = {
    "tests/support": "a module for each thing that tests stand up, imported by name from everywhere",
}


def offences_in(lines: Mapping[str, int], exceptions: Iterable[str] = EXCEPTIONS) -> list[str]:
    """The refusals for modules, given by path with their numbers of lines; also exceptions that are not needed."""
    found = [
        f"{path}: {count} lines, more than {MAX_LINES}: give its second part a module of its own"
        for path, count in sorted(lines.items())
        if count > MAX_LINES
    ]
    modules = Counter(str(PurePosixPath(path).parent) for path in lines if PurePosixPath(path).name != "__init__.py")
    large = {folder: count for folder, count in modules.items() if count > MAX_MODULES}
    excepted = set(exceptions)
    found += (
        f"{folder}: {count} modules, more than {MAX_MODULES}: give its second noun a folder of its own"
        for folder, count in sorted(large.items())
        if folder not in excepted
    )
    found += (
        f"{folder}: needs no exception any more: remove it from EXCEPTIONS"
        for folder in sorted(excepted - large.keys())
    )
    return found


def modules() -> dict[str, int]:
    """The modules that git knows, with their numbers of lines."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *(f"{one}/" for one in FOLDERS)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    paths = [path for path in listed.split("\0") if path.endswith(".py") and (ROOT / path).exists()]
    return {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in paths}


def main() -> int:
    found = modules()
    offences = offences_in(found)
    sys.stdout.writelines(f"{offence}\n" for offence in offences)
    sys.stdout.write(f"{len(found)} modules, {len(offences)} offences\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
