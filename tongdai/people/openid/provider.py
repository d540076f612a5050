"""The OpenID provider: its configuration, its keys, and the exchange of a code for the claims about a person.

The configuration is read again after an hour. Keys are read again when a token is signed by one that is not known, at
most every REREAD_S, so that a provider can rotate them at any time and forged tokens cannot make it read them at will.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tongdai.people.openid.model import Attempt, Failure, is_for

log = structlog.get_logger()

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures by a key of the provider alone: no `none`, no secret that both sides have."""
CONFIGURATION_S = 3600.0
REREAD_S = 30.0
TIMEOUT_S = 5.0
LEEWAY_S = 60
AT_ONCE = 8


class Configuration(msgspec.Struct):
    """The part of the discovery document that is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct):
    id_token: str


@dataclass(slots=True)
class _Keys:
    of: KeySet
    read_at: float


class Provider:
    def __init__(self, issuer: str, client_id: str, client_secret: str, redirect_url: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id, self._secret, self._redirect_url = client_id, client_secret, redirect_url
        self._configuration: Configuration | None = None
        self._configured_at = 0.0
        self._keys: _Keys | None = None
        self._places = asyncio.Semaphore(AT_ONCE)

    async def authorization_url(self, attempt: Attempt) -> str | Failure:
        """The address to which the browser is sent."""
        found = await self._configured()
        if isinstance(found, Failure):
            return found
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_url,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in found.authorization_endpoint else "?"
        return f"{found.authorization_endpoint}{separator}{urlencode(query)}"

    async def claims(self, code: str, attempt: Attempt) -> Mapping[str, Any] | Failure:
        """The claims about the person who comes back with a code, all of them checked."""
        found = await self._configured()
        if isinstance(found, Failure):
            return found
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_url,
            "code_verifier": attempt.verifier,
        }
        basic = "client_secret_basic" in found.token_endpoint_auth_methods_supported
        if not basic:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        auth = httpx2.BasicAuth(quote(self._client_id, ""), quote(self._secret, "")) if basic else None
        try:
            async with self._places, httpx2.AsyncClient(timeout=TIMEOUT_S, auth=auth) as client:
                answer = await client.post(found.token_endpoint, data=form)
        except httpx2.HTTPError as error:
            return _unavailable(error)
        if answer.status_code != HTTPStatus.OK:
            log.warning("sign-in refused by the OpenID provider", status=answer.status_code)
            return Failure.FAILED
        try:
            token = msgspec.json.decode(answer.content, type=_Tokens).id_token
        except msgspec.DecodeError as error:
            return _unavailable(error)
        return await self._verified(token, found, attempt)

    async def _verified(
        self, token: str, configuration: Configuration, attempt: Attempt
    ) -> Mapping[str, Any] | Failure:
        claims = await self._signed(token, configuration)
        if claims is None:
            return Failure.FAILED
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": configuration.issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            log.warning("token of the OpenID provider refused", error=type(error).__name__)
            return Failure.FAILED
        return claims if is_for(claims, self._client_id) else Failure.FAILED

    async def _signed(self, token: str, configuration: Configuration) -> dict[str, Any] | None:
        """The claims of a token that is signed by a key of the provider; None: it is not."""
        for _ in range(2):
            keys = self._keys or await self._read_keys(configuration)
            if keys is None:
                return None
            try:
                return dict(jwt.decode(token, keys.of, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError) as error:
                log.warning("token of the OpenID provider refused", error=type(error).__name__)
            if monotonic() - keys.read_at < REREAD_S or await self._read_keys(configuration) is None:
                return None
        return None

    async def _read_keys(self, configuration: Configuration) -> _Keys | None:
        content = await _get(configuration.jwks_uri)
        if content is None:
            return None
        try:
            self._keys = _Keys(KeySet.import_key_set(msgspec.json.decode(content)), monotonic())
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            _unavailable(error)
            return None
        return self._keys

    async def _configured(self) -> Configuration | Failure:
        if self._configuration is not None and monotonic() - self._configured_at < CONFIGURATION_S:
            return self._configuration
        content = await _get(f"{self._issuer}/.well-known/openid-configuration")
        if content is None:
            return Failure.UNAVAILABLE
        try:
            found = msgspec.json.decode(content, type=Configuration)
        except msgspec.DecodeError as error:
            return _unavailable(error)
        if found.issuer.rstrip("/") != self._issuer:
            log.error("OpenID provider names another issuer", issuer=found.issuer)
            return Failure.UNAVAILABLE
        self._configuration, self._configured_at = found, monotonic()
        return found


async def _get(url: str) -> bytes | None:
    """The body at an address of the provider; None: it does not answer with one."""
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.get(url)
    except httpx2.HTTPError as error:
        _unavailable(error)
        return None
    return answer.content if answer.status_code == HTTPStatus.OK else None


def _unavailable(error: Exception) -> Failure:
    log.warning("OpenID provider unavailable", error=type(error).__name__)
    return Failure.UNAVAILABLE
