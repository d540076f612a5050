"""The command line: parse, call, print. A command's module is imported when that command is asked for."""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from tongdai import __version__
from tongdai.cli.argv import hide_password
from tongdai.errors import OperatorError

# Module and summary of each command, so that listing the commands imports none of them.
COMMANDS = {
    "demo": ("serve", "Run the server with a demo tenant, and print its key and a request to try."),
    "serve": ("serve", "Run the server until Ctrl-C or SIGTERM."),
    "migrate": ("database", "Migrate the database to this version's schema, and print what was done."),
    "tenant": (
        "tenants",
        "Create tenants, move them between switches, set their time zones, calling hours and rate limits.",
    ),
    "switch": ("switches", "List switches, and what their leaders report."),
    "number": ("ownership.numbers", "Give the numbers that callers dial to tenants."),
    "endpoint": ("ownership.endpoints", "Give the phones and trunks of switches to tenants."),
    "dialing": ("dialing", "Hold the dialing of the whole installation, and release it."),
    "backup": ("backup", "Write a backup of the database to a file, while the server runs or is stopped."),
    "restore": (
        "backup",
        "Restore a backup into a new data directory, over a stopped one, or into an external database.",
    ),
    "key": ("keys", "Create, list, rotate and revoke API keys."),
    "user": ("people.users", "Create, list and disable people who sign in, make links to set passwords."),
    "audit": ("people.audit", "List who changed what, by a running server."),
    "team": ("people.teams", "Create, list, rename and delete teams of agents, by a running server."),
    "wallboard": ("live.wallboards", "Create, change and revoke boards for televisions, by a running server."),
    "webhook": ("people.webhooks", "Register addresses that get events, see what was sent, by a running server."),
    "campaign": ("campaigns", "Create, configure, start, stop and list a tenant's campaigns."),
    "contacts": ("contacts", "Import contacts by a running server, undo imports, call contacts again."),
    "lists": (
        "data.lists",
        "Create, rename, delete and empty contact lists, move contacts between them, by a running server.",
    ),
    "customer": (
        "data.customers",
        "Find who has a number in all campaigns, follow changes, export and erase a number, by a running server.",
    ),
    "dnc": ("do_not_call", "Manage do-not-call lists by a running server."),
    "queue": ("queues", "Create and list a tenant's inbound queues; set how callers are treated."),
    "agent": ("agents", "Create, change and list agents by a running server, sign them in and out."),
    "calls": ("live.calls", "List and show calls, act on live ones, see to missed ones, by a running server."),
    "callbacks": ("live.callbacks", "List, create, change and cancel callbacks, by a running server."),
    "report": ("live.reports", "Print reports, or save them as CSV or XLSX, by a running server."),
    "wrapup": ("live.wrapup", "Create and change wrap-up codes, and set those of calls, by a running server."),
    "health": ("live.health", "Show what works for a tenant, and what to do where it does not."),
    "top": ("top", "Show live figures: running campaigns and queues, their calls and agents, the newest outcomes."),
    "dsn": ("database", "Print the DSN of the running server's database, for psql."),
    "version": (None, "Print the version."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _ = COMMANDS.get(cmd_name, (None, ""))
        if module is None:
            return super().get_command(ctx, cmd_name)
        return getattr(importlib.import_module(f"{__name__}.commands.{module}"), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s", help="Print the version.")
def program() -> None:
    """Tongdai, a self-hosted contact-centre server: campaigns, contacts, imports, queues.

    Settings come from a TOML file (--config), TONGDAI_* in the environment (TONGDAI_PORT=9000) and options;
    later ones win. contacts, lists, customer, dnc, agent, calls, callbacks, report, wrapup, team, top and, of queue,
    settings, menu, delete and why use a running server; campaign uses one when it gets a key; the others use the
    database, whether a server runs or not.

    \b
    Examples:
      tongdai demo                                            # try it, with data to look at
      tongdai tenant create 5 --name "My company"
      tongdai key create --tenant 5 --scopes campaign,queue
      tongdai serve                                           # run it
    """


@program.command
def version() -> None:
    """Print the version.

    \b
    Example:
      tongdai version
    """
    click.echo(__version__)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the program. Exit code 1: an error that the operator can fix; 2: wrong usage."""
    if args is None:
        hide_password()
    sys.exit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        return program.main(args, prog_name="tongdai", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "tongdai"
        return _fail(f"{error.format_message()} See: {path} --help", error.exit_code)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except OperatorError as error:
        return _fail(str(error), 1)
    except click.Abort:  # Ctrl-C
        return 130


def _fail(message: str, code: int) -> int:
    click.echo(f"tongdai: {' '.join(message.split())}", err=True)
    return code
