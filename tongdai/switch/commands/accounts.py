"""SIP accounts of phones, which the switch keeps: made, given a new password and removed without editing its files.

The three objects of PJSIP (auth, aor, endpoint) have the name of the phone, and the settings that docs/telephony.md
gives its phones. The switch needs a place for them (sorcery.conf); an account that is in pjsip.conf stays as it is.
"""

import hashlib
from collections.abc import Mapping

from tongdai.switch.commands.names import NAME, checked
from tongdai.switch.commands.requests import expect, path
from tongdai.switch.interface import Ari

REALM = "asterisk"
_AOR = {"max_contacts": "1", "remove_existing": "yes"}
_ENDPOINT = {
    "transport": "transport-udp",
    "context": "closed",
    "disallow": "all",
    "allow": "alaw,ulaw",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "rewrite_contact": "yes",
    "allow_transfer": "no",
}
_ANSWERS_BY_ITSELF = {"set_var": "PJSIP_HEADER(add,Call-Info)=<sip:tongdai>;answer-after=0"}


def digest_of(name: str, password: str) -> str:
    """The part of a password that the switch keeps."""
    return hashlib.md5(f"{name}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()  # SIP's own digest


async def put_account(ari: Ari, name: str, digest: str, *, answers_by_itself: bool = True) -> None:
    """Make an account, or give it another password. Idempotent. SwitchRefused with 403: the switch has no place for it;
    with 500: its files have one of that name."""
    checked(NAME, name, "an endpoint")
    auth = {"auth_type": "md5", "username": name, "md5_cred": digest, "realm": REALM}
    endpoint = {**_ENDPOINT, "aors": name, "auth": name, **(_ANSWERS_BY_ITSELF if answers_by_itself else {})}
    for kind, fields in (("auth", auth), ("aor", _AOR), ("endpoint", endpoint)):
        await _put(ari, kind, name, fields)


async def remove_account(ari: Ari, name: str) -> None:
    """The phone can neither call nor be called then; a call that it is in continues. Idempotent."""
    for kind in ("endpoint", "aor", "auth"):
        reply = await ari.request("DELETE", _object(kind, name))
        if reply.status != 404:
            expect(reply)


async def _put(ari: Ari, kind: str, name: str, fields: Mapping[str, str]) -> None:
    body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
    expect(await ari.request("PUT", _object(kind, name), body=body))


def _object(kind: str, name: str) -> str:
    return path("asterisk", "config", "dynamic", "res_pjsip", kind, checked(NAME, name, "an endpoint"))
