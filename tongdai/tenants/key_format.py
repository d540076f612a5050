"""Format of API keys and tokens of wallboards: `sk_live_` or `wb_`, 32 random characters (190.5 bits) and a checksum of
6, all in base 62."""

import hmac
import re
import secrets
import string
import zlib
from hashlib import sha256
from pathlib import Path

from tongdai.data_dir import ensure
from tongdai.errors import OperatorError

PREFIX, WALLBOARD = "sk_live_", "wb_"
"""Prefixes: of keys, and of the tokens of wallboards."""
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 32
_CHECK = 6
_FORM = re.compile(rf"({PREFIX}|{WALLBOARD})([0-9A-Za-z]{{{_RANDOM}}})([0-9A-Za-z]{{{_CHECK}}})")
LENGTH = len(PREFIX) + _RANDOM + _CHECK
"""The most characters that one has."""

PEPPER_FILE = "key.pepper"


def generate(prefix: str = PREFIX) -> str:
    """Generate a key, or the token of a wallboard."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return prefix + body + _checksum(body)


def well_formed(key: str) -> bool:
    """Whether form and checksum are right; mistyped and invented keys are refused without a query."""
    match = _FORM.fullmatch(key) if len(key) <= LENGTH and key.isascii() else None
    return match is not None and hmac.compare_digest(match[3], _checksum(match[2]))


def is_wallboard(key: str) -> bool:
    """Whether a well-formed one is the token of a wallboard."""
    return key.startswith(WALLBOARD)


def digest(key: str, pepper: bytes) -> bytes:
    """The stored form of a key: HMAC-SHA256 with the pepper, so that a stolen table is of no use."""
    return hmac.digest(pepper, key.encode(), "sha256")


def hint(key: str) -> str:
    """A short form that identifies a key in lists: `sk_live_AbC1…9xYz`."""
    prefix = WALLBOARD if is_wallboard(key) else PREFIX
    return f"{key[: len(prefix) + 4]}…{key[-4:]}"


def fingerprint(pepper: bytes) -> str:
    """A digest by which peppers can be compared without being revealed."""
    return sha256(b"tongdai pepper fingerprint\n" + pepper).hexdigest()


def load_pepper(setting: str | None, data_dir: Path) -> bytes:
    """The pepper in the settings, else the one in the data directory, where one is created at first (0600)."""
    if setting is not None:
        return setting.encode()
    path = data_dir / PEPPER_FILE
    try:
        ensure(data_dir)
        _write_once(path, secrets.token_hex(32))
        return path.read_bytes().strip()
    except OSError as error:
        raise OperatorError(f"cannot keep the key pepper in {path}: {error.strerror}") from None


def present_pepper(data_dir: Path) -> bytes | None:
    """The pepper in a data directory; None: there is none."""
    try:
        return (data_dir / PEPPER_FILE).read_bytes().strip()
    except FileNotFoundError:
        return None


def replace_pepper(data_dir: Path, pepper: bytes) -> None:
    """Write the pepper into a data directory; another one that was there is kept beside it, as `key.pepper.former`."""
    path, number = data_dir / PEPPER_FILE, 1
    former = path.with_name(f"{PEPPER_FILE}.former")
    try:
        ensure(data_dir)
        while former.exists():
            number += 1
            former = path.with_name(f"{PEPPER_FILE}.former-{number}")
        if path.exists():
            path.rename(former)
        _write_once(path, pepper.decode())
    except OSError as error:
        raise OperatorError(f"cannot keep the key pepper in {path}: {error.strerror}") from None


def _write_once(path: Path, text: str) -> None:
    """Create the file atomically, or keep the existing one: processes that start at once agree on one pepper."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits
