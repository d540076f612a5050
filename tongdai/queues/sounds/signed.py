"""Signed paths, by which a switch fetches sound files without an API key. Pure.

    /v1/sounds/20260310-31-9f86d081884c7d65-3a6eb0790f39ac87c94f3856b2dd2c5d.wav
               tenant  sound  contents          signature

A path is given to switches alone, and leads to one file. The signature covers all of it, with the key pepper: whoever
has none makes no path, and no request with another path reaches the database. As the digest of the contents is in it,
a file that replaces another has a path of its own, and switches may keep what they have fetched.
"""

import hmac
import re

from tongdai import ids
from tongdai.ids import SoundId, TenantId

ROUTE = "/v1/sounds/{file}"
_FILE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})-([0-9a-f]{16})-([0-9a-f]{32})\.wav")
_DIGEST = 8


def path_of(pepper: bytes, tenant_id: TenantId, sound_id: SoundId, digest: bytes) -> str:
    """The path of a sound file whose contents have that SHA-256 digest."""
    named = f"{tenant_id}-{sound_id}-{digest[:_DIGEST].hex()}"
    return ROUTE.format(file=f"{named}-{_signature(pepper, named)}.wav")


def read(pepper: bytes, file: str) -> tuple[TenantId, SoundId] | None:
    """The tenant and sound of the last part of a signed path; None when it is none, or signed by somebody else."""
    match = _FILE.fullmatch(file)
    if match is None:
        return None
    named, _, signature = file.removesuffix(".wav").rpartition("-")
    if not hmac.compare_digest(signature, _signature(pepper, named)):
        return None
    tenant_id, sound_id = ids.parse(match[1]), ids.parse(match[2])
    return None if tenant_id is None or sound_id is None else (TenantId(tenant_id), SoundId(sound_id))


def _signature(pepper: bytes, named: str) -> str:
    return hmac.digest(pepper, b"sound file\n" + named.encode(), "sha256")[:16].hex()
