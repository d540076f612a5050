"""The file of a backup: a ZIP with stored members, which every tool can list.

    database.dump     what pg_dump wrote, in its custom format
    key.pepper        the secret of the key digests, where it was asked for
    manifest.json     last: a file without it, or without the directory that ends a ZIP, is no backup

A file under construction has no name, so a process that is killed leaves nothing: it is linked into its folder when it
is complete and on the disk. Where the file system has no such files, it has a name that begins with a dot until then.
"""

import hashlib
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from tongdai.backup.model import Dump, Manifest, other_format
from tongdai.backup.progress import Progress
from tongdai.errors import OperatorError

DUMP, PEPPER, MANIFEST = "database.dump", "key.pepper", "manifest.json"
CHUNK = 1 << 20
_OPEN_FILES = Path("/proc/self/fd")
_UNREADABLE = (
    zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError, struct.error,
    zlib.error, msgspec.DecodeError,
)  # fmt: skip
"""Exceptions of zipfile for damaged files."""


class Writer:
    """A backup under construction; see `created`. Its methods raise OperatorError when the file cannot be written."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    async def dump(self, chunks: AsyncIterator[bytes]) -> Dump:
        """Write the dump as it comes."""
        digest, written = hashlib.sha256(), 0
        with _writing(self._path), self._zip.open(self._member(DUMP), "w", force_zip64=True) as member:
            async for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                written += len(chunk)
        return Dump(written, digest.hexdigest())

    def pepper(self, pepper: bytes) -> None:
        with _writing(self._path):
            self._zip.writestr(self._member(PEPPER), pepper)

    def finish(self, manifest: Manifest) -> None:
        with _writing(self._path):
            content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            self._zip.writestr(self._member(MANIFEST), content)
            self._zip.close()

    def abandon(self) -> None:
        """Write nothing more: else the ZIP would write its directory when it is collected."""
        self._zip.fp = None

    @staticmethod
    def _member(name: str) -> zipfile.ZipInfo:
        member = zipfile.ZipInfo(name)
        member.external_attr = 0o600 << 16  # whoever unpacks it gets private files
        return member


@contextmanager
def created(path: Path, *, replace: bool) -> Generator[Writer]:
    """A backup that gets its name, with mode 0600, when the block ends; OperatorError when it cannot be written.

    A link is followed. What is there and no file, such as a device, is not replaced.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OperatorError(f"{path} is no file: name one")
    with _writing(path):
        if not replace and path.exists():
            raise FileExistsError
        draft = _Draft(path)
    try:
        writer = Writer(path, draft.file)
        try:
            yield writer
        finally:
            writer.abandon()
        with _writing(path):
            draft.publish(replace=replace)
    finally:
        draft.close()


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except FileExistsError:
        raise OperatorError(f"{path} exists: choose another name, or replace it with --force") from None
    except OSError as error:
        raise OperatorError(f"cannot write {path}: {error.strerror or error}") from None


class _Draft:
    """A file that is written before it has its name. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hidden: Path | None = None
        fd = _unnamed(path.parent)
        if fd is None:
            self._hidden = self._another_name()
            fd = os.open(self._hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self.file: IO[bytes] = os.fdopen(fd, "w+b")

    def publish(self, *, replace: bool) -> None:
        """Give the file its name in one step, once it is on the disk; FileExistsError unless it may replace another."""
        self.file.flush()
        os.fsync(self.file.fileno())
        if replace:
            if self._hidden is None:
                another = self._another_name()
                self._link(another)
                self._hidden = another
            self._hidden.replace(self._path)
        else:
            self._link(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def close(self) -> None:
        with suppress(OSError):  # the disk is full
            self.file.close()
        if self._hidden is not None:
            self._hidden.unlink(missing_ok=True)

    def _another_name(self) -> Path:
        return self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")

    def _link(self, path: Path) -> None:
        source = self._hidden or _OPEN_FILES / str(self.file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.link(source, path, src_dir_fd=folder, follow_symlinks=True)  # of a descriptor the file itself
        except FileExistsError:
            raise
        except OSError:
            if self._hidden is None or path.exists():
                raise
            self._hidden.rename(path)  # a file system without links, as FAT
        finally:
            os.close(folder)


def _unnamed(folder: Path) -> int | None:
    """A file without a name; None where there are none."""
    flags = getattr(os, "O_TMPFILE", None)
    if flags is None or not _OPEN_FILES.exists():
        return None
    try:
        return os.open(folder, flags | os.O_RDWR, 0o600)
    except OSError:
        return None


class Reader:
    """A backup whose manifest was read; see `opened`."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self._path, self._zip = path, file
        manifest = file.read(MANIFEST)
        if (why := other_format(msgspec.json.decode(manifest))) is not None:
            raise OperatorError(f"cannot restore {path}: {why}")
        self.manifest = msgspec.json.decode(manifest, type=Manifest)

    def verify(self, progress: Progress) -> None:
        """Raise OperatorError unless the file has what was written into it."""
        self.pepper()
        done = 0
        for chunk in self.dump():
            done += len(chunk)
            progress.done(done)

    def dump(self) -> Iterator[bytes]:
        """Yield the dump; OperatorError at its end when it is not the one that was written."""
        digest = hashlib.sha256()
        with _reading(self._path), self._zip.open(DUMP) as member:
            while chunk := member.read(CHUNK):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != self.manifest.dump.sha256:
            raise OperatorError(f"{self._path} is damaged: its dump is not the one that its manifest describes")

    def pepper(self) -> bytes | None:
        with _reading(self._path):
            return self._zip.read(PEPPER) if self.manifest.pepper.included else None


@contextmanager
def opened(path: Path) -> Generator[Reader]:
    """A backup to be read; OperatorError when the file is none, or not whole."""
    try:
        file = zipfile.ZipFile(path)
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror or error}") from None
    except _UNREADABLE:
        raise OperatorError(f"cannot restore {path}: {_what_it_is(path)}") from None
    with file:
        if MANIFEST not in file.namelist():
            raise OperatorError(f"cannot restore {path}: it is no backup of Tongdai")
        with _reading(path):
            reader = Reader(path, file)
        yield reader


@contextmanager
def _reading(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror or error}") from None
    except _UNREADABLE as error:
        raise OperatorError(f"{path} is damaged: {error}") from None


def _what_it_is(path: Path) -> str:
    """Say what a file is that is no ZIP, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"PGDMP"):
        return "it was written by pg_dump itself, and is restored by pg_restore"
    if head.startswith(b"PK\x03\x04") and DUMP.encode() in head:
        return "it is not whole, as its end is missing or damaged"
    return "it is no backup of Tongdai"
