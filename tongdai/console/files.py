"""The built console: its files in memory, each with its precompressed variants.

`web/` is built into `dist/` beside this module: `index.html`, `docs.html`, and in `assets/` files whose names contain a
hash of their content, each with a `.br` and a `.gz` beside it where that is smaller. A request is looked up by its
exact path among the files that were read at the start: no path of a request reaches the file system.
"""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DIST = Path(__file__).with_name("dist")
INDEX, DOCS = "index.html", "docs.html"
_SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Suffix of the variant of each content coding, the preferred one first."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".txt": "text/plain"}
_TOKEN = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*")


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    media_type: str
    tag: str
    """Beginning of the hash of its content, for ETag."""
    variants: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Compressed content by content coding, the preferred one first."""


def read(folder: Path = DIST) -> dict[str, File] | None:
    """The files of a build by their path of the URL, such as `assets/x.js`; None when there is no whole build."""
    if not all((folder / page).is_file() for page in (INDEX, DOCS)):
        return None
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    variants = {path for path in paths if path.suffix in _SUFFIXES.values() and path.with_suffix("") in paths}
    return {path.relative_to(folder).as_posix(): _file(path, variants) for path in paths if path not in variants}


def _file(path: Path, variants: set[Path]) -> File:
    content = path.read_bytes()
    beside = {coding: path.with_name(path.name + suffix) for coding, suffix in _SUFFIXES.items()}
    return File(
        content,
        media_type(path.name),
        hashlib.sha256(content).hexdigest()[:24],
        {coding: one.read_bytes() for coding, one in beside.items() if one in variants},
    )


def media_type(name: str) -> str:
    """The media type of a file by its name, with the charset of text."""
    suffix = Path(name).suffix
    found = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def coding_for(accept_encoding: str, available: Mapping[str, bytes]) -> str | None:
    """The content coding to send, of those that are available; None: the plain content.

    A coding counts as accepted when it is named with a quality other than zero.
    """
    accepted = {name.lower() for name, quality in _TOKEN.findall(accept_encoding) if quality.strip("0.") or not quality}
    return next((coding for coding in available if coding in accepted), None)
