"""`tongdai serve` and `tongdai demo`."""

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from tongdai.cli.invocation import invocation
from tongdai.settings import declarations, sources
from tongdai.settings.declarations import ROLES, Role, Settings

Only = Role | None
DEMO_SHARED_BUFFERS_MB = 256
DEMO_CALLERS_PER_HOUR = 400.0

_OPTIONS = (
    click.option("--data-dir", metavar="DIR", help="Folder of the database, the key pepper and uploads."),
    click.option(
        "--database-url", metavar="URL", help="An external PostgreSQL 15 to 18: postgresql://user:pw@host/db."
    ),
    click.option("--postgres-bin", metavar="DIR", help="Programs of PostgreSQL 18 to use instead of the bundled ones."),
    click.option("--host", help="The address to listen on.  [default: 127.0.0.1]"),
    click.option("--port", type=int, help="The port to listen on; 0 is any free one.  [default: 8080]"),
    click.option("--workers", type=int, help="Processes that answer requests.  [default: 1]"),
    click.option("--admin-host", help="The address of health and metrics.  [default: 127.0.0.1]"),
    click.option(
        "--admin-port", type=int, help="The port of health and metrics.  [default: port + 1, else a free one]"
    ),
    click.option("--rate-limit-url", metavar="URL", help="A Redis or Valkey that machines share rate limits through."),
    click.option("--tenant-limit", type=int, help="Requests of a tenant in any 10 seconds.  [default: 600]"),
    click.option("--route-limit", type=int, help="The same, to one route.  [default: 200]"),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        help="Format of the log, on standard error.  [default: text]",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        help="The least severe messages to log.  [default: info; of the demo: warning]",
    ),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A TOML file with settings; options and environment win.",
    ),
    click.option(
        "--asterisk", metavar="URL", help="ARI of an Asterisk 22: ws://host:8088.  [default: a simulated switch]"
    ),
    click.option("--asterisk-user", metavar="NAME", help="As in its ari.conf.  [default: tongdai]"),
    click.option("--asterisk-password", metavar="TEXT", help="As in its ari.conf; better TONGDAI_ASTERISK_PASSWORD."),
    click.option(
        "--switch", metavar="NAME", help="The switch that the telephony process leads, of several.  [default: default]"
    ),
    click.option(
        "--dial",
        type=click.Choice(["auto", "held"]),
        help="held: dial nobody until `tongdai dialing release`.  [default: auto]",
    ),
    click.option("--trunk", metavar="ENDPOINT", help="The PJSIP endpoint that numbers are dialled through."),
    click.option("--caller-id", metavar="NUMBER", help="The number shown, unless the campaign has its own."),
    click.option(
        "--simulated-answer-rate",
        type=float,
        help="Share of calls that the simulated switch answers, 0 to 1.  [default: 0.4]",
    ),
    click.option(
        "--simulated-callers-per-hour",
        type=float,
        help="Callers an hour who ring the queues' numbers on the simulated switch.  [default: 0; of the demo: 400]",
    ),
    click.option(
        "--simulated-key-rate",
        type=float,
        help="Share of those callers who press keys in menus and to be called back.  [default: 0.8]",
    ),
    click.option(
        "--simulated-talk-seconds",
        "simulated_talk_s",
        type=float,
        help="Median talk time on the simulated switch.  [default: 20]",
    ),
    click.option(
        "--only",
        type=click.Choice(ROLES),
        help="Run this process alone; needs an external database.",
    ),
)


def _server_options(
    defaults: Callable[[], Mapping[str, object]] = dict,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the server's options to a command, which gets them as Settings and `only`, before its own.

    `defaults` are those settings of the command that differ from the server's.
    """

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(config: Path | None, only: Only, reset: bool | None = None, **flags: object) -> None:
            settings = sources.load(config, os.environ, flags, defaults())
            if only is not None and settings.database_url is None:
                raise click.UsageError(
                    f"--only {only} needs an external database that the other parts use too: "
                    "give --database-url or set TONGDAI_DATABASE_URL."
                )
            command(settings, only, **({} if reset is None else {"reset": reset}))

        for option in reversed(_OPTIONS):
            wrapped = option(wrapped)
        return wrapped

    return with_options


def _demo_defaults() -> Mapping[str, object]:
    return {
        "data_dir": declarations.demo_data_dir(),
        "shared_buffers_mb": DEMO_SHARED_BUFFERS_MB,
        "simulated_callers_per_hour": DEMO_CALLERS_PER_HOUR,
        "log_level": "warning",  # its calls would scroll the key away within seconds
    }


@click.command
@_server_options()
def serve(settings: Settings, only: Only) -> None:
    """Run the server until Ctrl-C or SIGTERM.

    Without --database-url it creates and runs an embedded PostgreSQL in the data directory.

    \b
    Examples:
      tongdai serve --data-dir ./data --port 8080
      tongdai serve --database-url postgresql://tongdai:secret@db.example/tongdai --workers 4
    """
    from tongdai.db.pool import Connection  # noqa: PLC0415 - half a second that `--help` does not need
    from tongdai.people.sessions import first_run  # noqa: PLC0415
    from tongdai.processes import serve as server  # noqa: PLC0415

    token: str | None = None

    async def prepare(conn: Connection, settings: Settings) -> None:
        nonlocal token
        token = await first_run.needed(conn, settings)

    def ready(url: str) -> None:
        click.echo(f"tongdai: ready on {url}" if only in {None, "api"} else f"tongdai: {only} ready", err=True)
        if only in {None, "api"} and token is not None:
            click.echo(f"tongdai: no user yet: the token to make the first owner on this machine is {token}", err=True)

    server.run(settings, only, prepare, ready)


@click.command
@click.option("--reset", is_flag=True, help="Create the demo tenant anew: changes to it are lost.")
@_server_options(_demo_defaults)
def demo(settings: Settings, only: Only, reset: bool) -> None:
    """Run the server with a demo tenant, and print its key and a request to try.

    It has a data directory of its own, tongdai-demo in $XDG_DATA_HOME or ~/.local/share, unless --data-dir says
    otherwise. The data survives restarts; delete the directory to be rid of it. Other tenants are not touched.

    \b
    Examples:
      tongdai demo
      tongdai demo --data-dir /tmp/demo --port 9000 --reset
      tongdai demo --simulated-talk-seconds 300    # to act on calls by hand
    """
    if settings.asterisk is not None:
        raise click.UsageError(
            "The demo's numbers may be real people's: unset TONGDAI_ASTERISK and --asterisk, or use tongdai serve."
        )
    from tongdai.db.pool import Connection  # noqa: PLC0415
    from tongdai.demo import people  # noqa: PLC0415
    from tongdai.demo import tenant as data  # noqa: PLC0415
    from tongdai.processes import serve as server  # noqa: PLC0415

    key = password = ""

    async def prepare(conn: Connection, settings: Settings) -> None:
        nonlocal key, password
        key = await data.prepare(conn, settings, reset=reset)
        password = await people.prepare(conn, settings)

    server.run(settings, only, prepare, lambda url: click.echo(_welcome(url, key, password, settings)))


def _welcome(url: str, key: str, password: str, settings: Settings) -> str:
    from tongdai.demo import people  # noqa: PLC0415
    from tongdai.demo import tenant as data  # noqa: PLC0415

    logins = ", ".join(login for login, _ in people.LOGINS.values())

    stored = "the external database" if settings.database_url else Path(settings.data_dir).absolute()
    return (
        f"Tongdai is ready.\n\n"
        f"  Address  {url}\n"
        f"  Tenant   {data.TENANT} ({data.TENANT_NAME})\n"
        f"  Key      {key}\n"
        f"  Sign in  {logins}\n"
        f"           each with the password {password}, in a browser at the address\n"
        f"  Docs     {url}/docs\n"
        f"  Data     {stored}\n\n"
        f"Try, in another terminal:\n"
        f"  curl -H 'X-Api-Key: {key}' {url}/v1/campaigns/{data.CAMPAIGN}/contact-lists\n"
        f"  {invocation()} top --url {url} --key {key}\n\n"
        f"Stop with Ctrl-C. The data stays; `{invocation()} demo --reset` creates the demo tenant anew."
    )
