"""Signing in at an OpenID provider that runs here."""

import asyncio
import base64
import os
import sys
from contextlib import asynccontextmanager
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.people import user_of
from tongdai.people.openid import provider as provider_module
from tongdai.people.openid.model import Attempt, Failure, local_path, verified_email
from tongdai.people.openid.provider import Provider
from tongdai.people.users.model import Role

CALLBACK = "/v1/session/openid/callback"


@asynccontextmanager
async def started():
    """A provider in a process of its own; its issuer."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c",
        "from oidc_provider_mock import run_server_in_thread\n"
        "import sys\n"
        "with run_server_in_thread() as server:\n"
        "    print(server.server_port, flush=True)\n"
        "    sys.stdin.read()\n",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        port = int(await child.stdout.readline())
        yield f"http://localhost:{port}"
    finally:
        child.stdin.close()
        await child.wait()


@pytest.fixture(scope="module")
async def issuer():
    async with started() as url:
        yield url


def settings_for(issuer, **more):
    return {
        "openid_issuer": issuer, "openid_client_id": "tongdai", "openid_client_secret": "s3cret",
        "public_url": "http://localhost:8080", "openid_name": "Ours",
    } | more  # fmt: skip


async def person_at(issuer, sub, **claims):
    """A person at the provider, by their address as its `sub`."""
    body = {"email": sub, "email_verified": True, "name": "Đào"} | claims
    async with httpx2.AsyncClient() as client:
        answer = await client.put(f"{issuer}/users/{sub}", json=body)
        assert answer.status_code in {200, 204}, answer.text


async def begun(client, next_path="/live"):
    """The address at the provider, and the cookie of the attempt."""
    answer = await client.get("/v1/session/openid", params={"next": next_path})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


async def approved(url, email):
    """The query with which the provider sends the browser back."""
    async with httpx2.AsyncClient() as client:
        answer = await client.post(url, data={"sub": email})
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith(f"http://localhost:8080{CALLBACK}?")
    return urlsplit(location).query


async def signed_in(client, issuer, email, next_path="/live"):
    url, cookie = await begun(client, next_path)
    return await client.get(f"{CALLBACK}?{await approved(url, email)}", headers={"Cookie": cookie})


def session_of(answer):
    """The cookie of the session; None: none began."""
    found = [one for one in answer.headers.get_list("set-cookie") if one.startswith("tongdai_session=st_")]
    return found[0].partition(";")[0] if found else None


async def test_person_with_a_verified_address_signs_in_and_gets_where_they_wanted(tenant, serving, issuer):
    user = await user_of(tenant, Role.SUPERVISOR)
    await person_at(issuer, user.login)
    async with serving(**settings_for(issuer)) as client:
        assert (await client.get("/v1/session/options")).json()["openid"] == {"name": "Ours"}
        answer = await signed_in(client, issuer, user.login, "/live?queue=1")
        assert (answer.status_code, answer.headers["location"]) == (302, "/live?queue=1")
        cookie = session_of(answer)
        assert cookie is not None
        session = (await client.get("/v1/session", headers={"Cookie": cookie})).json()
        assert session["user"]["id"] == user.user_id


async def test_provider_is_asked_with_pkce_state_and_nonce(serving, issuer):
    async with serving(**settings_for(issuer)) as client:
        asked = [parse_qs(urlsplit((await begun(client))[0]).query) for _ in range(2)]
    for query in asked:
        assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
        assert query["redirect_uri"] == [f"http://localhost:8080{CALLBACK}"]
        assert len(query["code_challenge"][0]) == 43
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email": None}])
async def test_address_that_is_not_verified_names_nobody(tenant, serving, issuer, claims):
    user = await user_of(tenant, Role.OWNER)
    await person_at(issuer, user.login, **claims)
    async with serving(**settings_for(issuer)) as client:
        answer = await signed_in(client, issuer, user.login)
    assert (answer.headers["location"], session_of(answer)) == ("/?openid=unverified", None)


async def test_unknown_and_disabled_people_do_not_get_in(tenant, serving, issuer, conn):
    disabled = await user_of(tenant, Role.OWNER)
    await conn.execute("update user_account set disabled_at = now() where user_id = $1", disabled.user_id)
    for email in (disabled.login, f"nobody-{tenant.tenant_id}@example.com"):
        await person_at(issuer, email)
        async with serving(**settings_for(issuer)) as client:
            answer = await signed_in(client, issuer, email)
        assert (answer.headers["location"], session_of(answer)) == ("/?openid=unknown_user", None)


async def test_person_is_created_where_a_role_is_set_for_that(tenant, serving, issuer):
    email = f"new-{tenant.tenant_id}@example.com"
    await person_at(issuer, email)
    more = {"openid_default_role": "viewer", "openid_tenant": tenant.tenant_id}
    async with serving(**settings_for(issuer, **more)) as client:
        for _ in range(2):
            assert session_of(await signed_in(client, issuer, email)) is not None
    (user,) = (await tenant.done("GET", "/v1/users"))["data"]
    assert (user["login"], user["role"], user["hasPassword"]) == (email, "viewer", False)


async def test_answer_of_another_attempt_is_refused(tenant, serving, issuer):
    user = await user_of(tenant, Role.OWNER)
    await person_at(issuer, user.login)
    async with serving(**settings_for(issuer)) as client:
        url, mine = await begun(client)
        other, theirs = await begun(client)
        query, foreign = await approved(url, user.login), await approved(other, user.login)
        code = parse_qs(foreign)["code"][0]
        state = parse_qs(query)["state"][0]
        forged = mine.rpartition(".")[0] + "." + "0" * 64
        for sent, cookie in (
            (query, theirs),
            (query, "a=b"),
            (query, forged),
            ("error=access_denied", mine),
            (urlencode({"code": "made up", "state": state}), mine),
            (urlencode({"code": code, "state": state}), mine),  # the code of another: the nonce differs
        ):
            answer = await client.get(f"{CALLBACK}?{sent}", headers={"Cookie": cookie})
            assert (answer.headers["location"], session_of(answer)) == ("/?openid=failed", None)
        answer = await client.get(f"{CALLBACK}?{query}", headers={"Cookie": mine})
        assert session_of(answer) is not None
        answer = await client.get(f"{CALLBACK}?{query}", headers={"Cookie": mine})
        assert session_of(answer) is None, "a code is used once"


async def test_provider_that_does_not_answer_is_said(serving):
    async with serving(**settings_for("http://localhost:1")) as client:
        answer = await client.get("/v1/session/openid")
    assert (answer.status_code, answer.headers["location"]) == (302, "/?openid=unavailable")


@pytest.mark.parametrize(
    "text",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "live", "", "/a\r\nb", "/é"],
)
def test_browser_is_sent_to_no_other_site(text):
    assert local_path(text) == "/"


def test_local_paths_are_kept():
    for path in ("/", "/live", "/live?queue=1&x=%20#top"):
        assert local_path(path) == path


def test_challenge_is_the_digest_of_the_verifier():
    attempt = Attempt("s", "n", "verifier", "/", 0.0)
    assert base64.urlsafe_b64decode(attempt.challenge + "=") == sha256(b"verifier").digest()


def test_address_counts_only_where_it_is_verified():
    assert verified_email({"email": "a@example.com", "email_verified": True}) == "a@example.com"
    assert verified_email({"email": "a@example.com"}) is None


# Tokens


class Signing:
    """A provider whose keys and tokens the test makes."""

    def __init__(self):
        self.keys = [RSAKey.generate_key(2048, {"kid": "1"})]
        self.claims = {}
        self.header = {}
        self.signer = None
        self.reads = 0
        self.issuer = ""

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        if "openid-configuration" in path:
            body = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            body["issuer"] = self.issuer
        elif path == "/jwks_uri":
            self.reads += 1
            body = {"keys": [key.as_dict(private=False) for key in self.keys]}
        else:
            key = self.signer or self.keys[-1]
            header = {"alg": "RS256", "kid": key.kid} | self.header
            body = {"id_token": jwt.encode(header, self.claims, key, algorithms=[header["alg"]])}
        content = msgspec.json.encode(body)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(content) + content)
        await writer.drain()
        writer.close()


@pytest.fixture
async def signing():
    one = Signing()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    one.claims = {"iss": one.issuer, "aud": "tongdai", "exp": 4_000_000_000, "nonce": "n", "email": "a@example.com"}
    async with server:
        yield one


ATTEMPT = Attempt("s", "n", "verifier", "/", 0.0)


def provider_at(signing):
    return Provider(signing.issuer, "tongdai", "s3cret", "http://localhost:8080/")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": ["tongdai", "other"]},
        {"azp": "other"},
        {"nonce": "other"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
    ],
)
async def test_token_for_another_purpose_is_refused(signing, changed):
    provider = provider_at(signing)
    claims = await provider.claims("code", ATTEMPT)
    assert not isinstance(claims, Failure)
    assert claims["email"] == "a@example.com"
    signing.claims |= changed
    signing.claims = {name: value for name, value in signing.claims.items() if value is not None}
    assert await provider.claims("code", ATTEMPT) is Failure.FAILED


async def test_new_keys_are_read_and_forged_tokens_do_not_make_them_be_read(signing, monkeypatch):
    provider = provider_at(signing)
    assert not isinstance(await provider.claims("code", ATTEMPT), Failure)
    signing.signer = RSAKey.generate_key(2048, {"kid": "forged"})
    for _ in range(5):
        assert await provider.claims("code", ATTEMPT) is Failure.FAILED
    assert signing.reads == 1
    monkeypatch.setattr(provider_module, "REREAD_S", -1.0)  # as after that time
    signing.signer, signing.keys = None, [RSAKey.generate_key(2048, {"kid": "2"})]
    assert not isinstance(await provider.claims("code", ATTEMPT), Failure)
    assert signing.reads == 2
