"""SIP accounts of phones, which the switch keeps: made, given a new password and removed without editing its files.

The three objects of PJSIP (auth, aor, endpoint) have the name of the phone, and the settings that docs/telephony.md
gives its phones. The switch needs a place for them (sorcery.conf); an account that is in pjsip.conf stays as it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tongdai.switch.commands.names import NAME, checked
from tongdai.switch.commands.requests import expect, path
from tongdai.switch.interface import Ari

REALM = "asterisk"
"""Asterisk's default."""
_AOR = {"max_contacts": "1", "remove_existing": "yes", "maximum_expiration": "300"}
_ASKED = {"qualify_frequency": "3", "qualify_timeout": "3.0"}
"""A page may stop while its connection stays open: it is asked whether it is there."""
_ENDPOINT = {
    "context": "closed",
    "disallow": "all",
    "allow": "alaw,ulaw",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "rewrite_contact": "yes",
    "allow_transfer": "no",
}
_DESK_PHONE = {"transport": "transport-udp"}
_BROWSER = {"webrtc": "yes", "dtls_auto_generate_cert": "yes", "rtp_timeout": "15"}
"""Sound is encrypted. A browser that is gone says no good-bye: without its sound the call ends."""
_ANSWERS_BY_ITSELF = {"set_var": "PJSIP_HEADER(add,Call-Info)=<sip:tongdai>;answer-after=0"}
_MARK = "accountcode"
"""The field of the endpoint that has the revision: Asterisk only copies it to its own call records."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    digest: str
    """MD5 of name, realm and password: what the switch keeps of the password."""
    answers_by_itself: bool = True
    """Calls to the phone ask it to pick up."""
    browser: bool = False
    """The phone is in a browser: it signs on by a websocket, and its sound is encrypted."""

    @property
    def aor(self) -> dict[str, str]:
        return _AOR | _ASKED if self.browser else _AOR

    @property
    def endpoint(self) -> dict[str, str]:
        """Its settings, without those that name it."""
        kind = _BROWSER if self.browser else _DESK_PHONE
        return _ENDPOINT | kind | (_ANSWERS_BY_ITSELF if self.answers_by_itself else {})

    @property
    def revision(self) -> str:
        """Differs when anything of the account does."""
        fields = (self.name, self.digest, self.aor, self.endpoint)
        return hashlib.sha256(repr(fields).encode()).hexdigest()[:16]


async def put_account(ari: Ari, account: Account) -> bool:
    """Make an account, or replace it where it differs, and sign off a phone with another password. Idempotent. False:
    the switch had it already.

    SwitchRefused with 403: the switch has no place for accounts, or its files have one of that name.
    """
    name = checked(NAME, account.name, "an endpoint")
    present = await _fields(ari, "endpoint", name)
    if present is not None and present.get(_MARK) == account.revision:
        return False
    if present is not None:
        await _delete(ari, "endpoint", name)  # an endpoint with variables cannot be changed: 500
    auth = await _fields(ari, "auth", name)
    if auth is not None and auth.get("md5_cred") != account.digest:
        await _delete(ari, "aor", name)
    await _put(ari, "auth", name, {"auth_type": "md5", "username": name, "md5_cred": account.digest, "realm": REALM})
    await _put(ari, "aor", name, account.aor)
    await _put(ari, "endpoint", name, {**account.endpoint, "aors": name, "auth": name, _MARK: account.revision})
    return True


async def remove_account(ari: Ari, name: str) -> None:
    """The phone can neither call nor be called then; a call that it is in continues. Idempotent."""
    checked(NAME, name, "an endpoint")
    for kind in ("endpoint", "aor", "auth"):
        await _delete(ari, kind, name)


async def _fields(ari: Ari, kind: str, name: str) -> dict[str, str] | None:
    """None: there is no such object."""
    reply = await ari.request("GET", _object(kind, name))
    if reply.status == 404:
        return None
    body = expect(reply).body
    listed = [cast("dict[str, Any]", one) for one in cast("list[object]", body) if isinstance(one, dict)]
    return {str(one.get("attribute")): str(one.get("value")) for one in listed}


async def _put(ari: Ari, kind: str, name: str, fields: Mapping[str, str]) -> None:
    body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
    expect(await ari.request("PUT", _object(kind, name), body=body))


async def _delete(ari: Ari, kind: str, name: str) -> None:
    reply = await ari.request("DELETE", _object(kind, name))
    if reply.status != 404:
        expect(reply)


def _object(kind: str, name: str) -> str:
    return path("asterisk", "config", "dynamic", "res_pjsip", kind, name)
