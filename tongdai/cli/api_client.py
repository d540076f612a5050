"""Options and client of the commands that use the API of a running server."""

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from tongdai.cli.param_types import ID
from tongdai.errors import OperatorError
from tongdai_client import CampaignDetail, Client, ConnectionFailed, NotFound, Retry, TongdaiError, Unauthorized

Command = Callable[..., None]
Option = Callable[[Command], Command]

PATIENT = Retry(tries=100, total_s=300)
"""Retries during an import: waits for a server that restarts."""
HASTY = Retry(tries=3)
"""Retries of the first request, which checks that the server is there."""

_CAMPAIGN = click.option("--campaign", "campaign_id", metavar="ID", required=True, type=ID, help="The campaign.")
_TENANT = click.option(
    "--tenant", "tenant_id", metavar="ID", type=ID, help="The tenant to act for, with a platform key."
)
_IN_OPTIONS = {"base_url": "--url", "give api_key": "give --key", "the API key": "--key"}
"""Parts of the client's messages, and what the command line calls them."""


def server(scope: str, *, required: bool = True) -> list[Option]:
    """The options that name the server and the key."""
    return [
        click.option(
            "--url",
            metavar="URL",
            envvar="TONGDAI_URL",
            default="http://127.0.0.1:8080",
            help="The server; or set TONGDAI_URL.  [default: http://127.0.0.1:8080]",
        ),
        click.option(
            "--key",
            "api_key",
            metavar="KEY",
            envvar="TONGDAI_API_KEY",
            required=required,
            help=f"A key with the scope {scope}; or set TONGDAI_API_KEY, which is not seen in the list of processes.",
        ),
    ]


@contextmanager
def opened(url: str, api_key: str | None, tenant_id: int | None, retry: Retry = HASTY) -> Generator[Client]:
    """A client of the server; UsageError for a wrong address or key, and OperatorError for what fails in the block."""
    try:
        client = Client(url, api_key, tenant_id=tenant_id, retry=retry)
    except ValueError as error:
        message = str(error)
        for name, option in _IN_OPTIONS.items():
            message = message.replace(name, option)
        raise click.UsageError(f"{message}.") from None
    with client, _reported(url, tenant_id):
        yield client


def client_options(scope: str) -> Option:
    """Add the options that name the server to a command, which gets a client."""

    def taking_client(command: Command) -> Command:
        @functools.wraps(command)
        def wrapped(url: str, api_key: str, tenant_id: int | None, **own: object) -> None:
            with opened(url, api_key, tenant_id) as client:
                command(client, **own)

        return with_options(wrapped, *server(scope), _TENANT)

    return taking_client


def campaign_options(command: Command) -> Command:
    """Add the options that name server and campaign to a command, which gets a client and the campaign's id."""

    @functools.wraps(command)
    def wrapped(campaign_id: int, url: str, api_key: str, tenant_id: int | None, **own: object) -> None:
        with (
            opened(url, api_key, tenant_id) as hasty,
            opened(url, api_key, tenant_id, PATIENT) as patient,
        ):
            command(patient, _campaign(hasty, campaign_id), **own)

    return with_options(wrapped, _CAMPAIGN, *server("campaign"), _TENANT)


def with_options(command: Command, *options: Option) -> Command:
    """Add options to a command, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def _campaign(client: Client, campaign_id: int) -> CampaignDetail:
    """Look up the campaign before anything is sent, so that a wrong address, key or campaign is reported at once."""
    try:
        return client.campaign(campaign_id)
    except NotFound:
        raise OperatorError(f"campaign {campaign_id} not found; list campaigns with tongdai campaign list") from None


@contextmanager
def _reported(url: str, tenant_id: int | None) -> Generator[None]:
    """Turn failures of the client into OperatorError."""
    try:
        yield
    except ConnectionFailed as error:
        raise OperatorError(f"no answer from the server at {url}: {error}") from None
    except Unauthorized:
        # The server does not tell which of the two is wrong.
        key = f"the server at {url} does not accept the key"
        if tenant_id is None:
            advice = "check --key or TONGDAI_API_KEY; a platform key needs --tenant, too"
        else:
            key += f" for tenant {tenant_id}"
            advice = (
                "check --key or TONGDAI_API_KEY, and --tenant: unless it is a platform key, it has a tenant of its own"
            )
        raise OperatorError(f"{key}: {advice}") from None
    except TongdaiError as error:
        raise OperatorError(str(error)) from None
