"""Where `tongdai campaign` finds a tenant's campaigns: in the database, or at a running server, by its API.

With a key (--key, or TONGDAI_API_KEY) it is the server, otherwise the database, which --tenant then has to go with.
Options on the command line win over the environment. Commands say and print the same either way.
"""

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click
import msgspec
from click.core import ParameterSource

from tongdai.campaigns import sounds, store
from tongdai.campaigns.hours import store as hours
from tongdai.campaigns.model import TRANSITIONS, Action, Campaign, PauseReason, Status, Totals
from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.kinds import Window, Windows
from tongdai.campaigns.settings.model import SETTINGS, CallSettings
from tongdai.campaigns.settings.request import Sent, replaced
from tongdai.campaigns.settings.windows import Week
from tongdai.cli import api_client, call_settings
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import DATABASE_OPTIONS, run, settings_of
from tongdai.cli.param_types import ID
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, OperatorError
from tongdai.ids import CampaignId, TenantId
from tongdai.numbers.endpoints.check import check_usable
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.settings.declarations import Settings
from tongdai.tenants.model import Tenant
from tongdai_client import CallingWindow, CampaignDetail, Client, InvalidInput, InvalidState, NotFound
from tongdai_client import Campaign as ServersCampaign
from tongdai_client.models.campaigns import CallSettings as SentSettings

Command = Callable[..., None]


class Row(NamedTuple):
    """A campaign with its number of contacts by state."""

    campaign: Campaign
    pending: int
    in_call: int
    processed: int


class Created(NamedTuple):
    """A campaign that was created."""

    campaign_id: int
    windows: Week
    """In force."""
    missing_sounds: Sequence[str]
    """The settings that name a sound which the switch does not have."""


class Campaigns(Protocol):
    """A tenant's campaigns. Failures are OperatorErrors that name options."""

    def create(self, name: str, type_: str, user_name: str | None, changes: Sent) -> Created:
        """Create a campaign."""
        ...

    def change(self, campaign_id: int, changes: Sent) -> Week:
        """Change a campaign; its windows in force."""
        ...

    def move(self, campaign_id: int, action: Action) -> Status:
        """Start, pause or stop a campaign; its new status."""
        ...

    def find(self, campaign_id: int) -> tuple[Row, CallSettings, Week]:
        """A campaign, its settings as they were set, and its windows in force."""
        ...

    def all(self) -> Sequence[Row]: ...


@dataclass(frozen=True, slots=True)
class InDatabase:
    settings: Settings
    tenant_id: int

    def create(self, name: str, type_: str, user_name: str | None, changes: Sent) -> Created:
        async def work(conn: Connection) -> Created:
            owner = await known(conn, self.tenant_id)
            missing = await sounds.missing(lambda: nullcontext(conn), owner.tenant_id, changes, self.settings)
            async with conn.transaction():
                made = await _applied(conn, owner, CallSettings(), changes)
                campaign = await store.create(conn, owner.tenant_id, name, type_, user_name, None, made)
                windows = await _windows(conn, owner.tenant_id, made)
                return Created(campaign.campaign_id, windows, list(missing))

        return run(self.settings, work)

    def change(self, campaign_id: int, changes: Sent) -> Week:
        async def work(conn: Connection) -> Week:
            owner = await known(conn, self.tenant_id)
            with _naming_options():
                await sounds.check(lambda: nullcontext(conn), owner.tenant_id, changes, self.settings)
            async with conn.transaction():
                before = await store.lock(conn, owner.tenant_id, CampaignId(campaign_id))
                if before is None:
                    raise _no_campaign(campaign_id)
                after = await _applied(conn, owner, before, changes)
                await store.change(conn, owner.tenant_id, CampaignId(campaign_id), settings=(before, after), by=None)
                return await _windows(conn, owner.tenant_id, after)

        return run(self.settings, work)

    def move(self, campaign_id: int, action: Action) -> Status:
        async def work(conn: Connection) -> Status:
            owner = (await known(conn, self.tenant_id)).tenant_id
            if action is Action.START:
                await self._require_sound(conn, owner, CampaignId(campaign_id))
            moved = await store.move(conn, owner, CampaignId(campaign_id), action, None)
            if moved is not None:
                return moved.status
            found = await store.find(conn, owner, CampaignId(campaign_id))
            raise _no_campaign(campaign_id) if found is None else _not_now(action, found.status)

        return run(self.settings, work)

    def find(self, campaign_id: int) -> tuple[Row, CallSettings, Week]:
        async def work(conn: Connection) -> tuple[Row, CallSettings, Week]:
            owner = (await known(conn, self.tenant_id)).tenant_id
            found = await store.find(conn, owner, CampaignId(campaign_id))
            own = await store.own_settings(conn, owner, CampaignId(campaign_id))
            if found is None or own is None:
                raise _no_campaign(campaign_id)
            totals = (await store.totals_of(conn, owner, [found.campaign_id]))[found.campaign_id]
            return _counted(found, totals), own[0], rules.week(rules.in_force(*own))

        return run(self.settings, work)

    def all(self) -> Sequence[Row]:
        async def work(conn: Connection) -> list[Row]:
            owner = (await known(conn, self.tenant_id)).tenant_id
            found, _ = await store.page(conn, owner, 2**31, 0, user_name=None, status=None, type_=None, archived=False)
            totals = await store.totals_of(conn, owner, [campaign.campaign_id for campaign in found])
            return [_counted(campaign, totals[campaign.campaign_id]) for campaign in found]

        return run(self.settings, work)

    async def _require_sound(self, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> None:
        refusal = await sounds.refusal_of_start(lambda: nullcontext(conn), tenant_id, campaign_id, self.settings)
        if refusal is not None:
            raise OperatorError(refusal.message)


@dataclass(frozen=True, slots=True)
class AtServer:
    client: Client

    def create(self, name: str, type_: str, user_name: str | None, changes: Sent) -> Created:
        with _refusals_of(changes):
            made = self.client.create_campaign(name, type=type_, user_name=user_name, settings=_sent(changes))
        return Created(made.campaign_id, _week(made.effective_windows), made.missing_sounds)

    def change(self, campaign_id: int, changes: Sent) -> Week:
        with _refusals_of(changes, campaign_id):
            changed = self.client.update_campaign(campaign_id, settings=_sent(changes))
        return _week(changed.effective_windows)

    def move(self, campaign_id: int, action: Action) -> Status:
        moves = {
            Action.START: self.client.start_campaign,
            Action.PAUSE: self.client.pause_campaign,
            Action.STOP: self.client.stop_campaign,
        }
        (target,) = set(TRANSITIONS[action].values())
        try:
            moves[action](campaign_id)
        except NotFound:
            raise _no_campaign(campaign_id) from None
        except InvalidState as error:
            status = Status(self._campaign(campaign_id).status)
            if status in TRANSITIONS[action]:
                raise OperatorError(error.error_message) from None
            raise _not_now(action, status) from None
        return target

    def find(self, campaign_id: int) -> tuple[Row, CallSettings, Week]:
        found = self._campaign(campaign_id)
        return _servers_row(found), _held(found), _week(found.effective_windows)

    def all(self) -> Sequence[Row]:
        return [_servers_row(campaign) for campaign in self.client.campaigns(page_size=1000)]

    def _campaign(self, campaign_id: int) -> CampaignDetail:
        try:
            return self.client.campaign(campaign_id)
        except NotFound:
            raise _no_campaign(campaign_id) from None


@contextmanager
def _refusals_of(changes: Sent, campaign_id: int | None = None) -> Generator[None]:
    """Refusals by the server, as failures of options; `campaign_id` of a campaign that may be unknown."""
    try:
        yield
    except NotFound as error:
        if campaign_id is None or "queue" in error.error_message:
            raise _no_queue(changes.get("queueId")) from None
        raise _no_campaign(campaign_id) from None
    except InvalidInput as error:
        raise OperatorError(call_settings.naming_options(str(error))) from None


@contextmanager
def _naming_options() -> Generator[None]:
    """Refusals by the API's rules, as failures of options."""
    try:
        yield
    except ApiError as error:
        raise OperatorError(call_settings.naming_options(error.message)) from None


def campaigns(command: Command) -> Command:
    """Add the options that name the server or the database to a command, which gets Campaigns before its own."""

    @functools.wraps(command)
    def wrapped(
        url: str,
        api_key: str | None,
        tenant_id: int | None,
        data_dir: str | None,
        database_url: str | None,
        config: Path | None,
        **own: object,
    ) -> None:
        if _by_server(api_key, in_database=(data_dir, database_url, config) != (None, None, None)):
            with api_client.opened(url, api_key, tenant_id) as client:
                command(AtServer(client), **own)
        elif tenant_id is None:
            raise click.UsageError("Missing option '--tenant': give the campaign's tenant, or --key to use a server.")
        else:
            command(InDatabase(settings_of(data_dir, database_url, config), tenant_id), **own)

    return api_client.with_options(wrapped, _TENANT, *api_client.server("campaign", required=False), *DATABASE_OPTIONS)


_TENANT = click.option(
    "--tenant",
    "tenant_id",
    metavar="ID",
    type=ID,
    help="The campaign's tenant; with --key only where that is a platform key.",
)


def _by_server(api_key: str | None, *, in_database: bool) -> bool:
    """Whether the command uses a server; UsageError for options of both."""
    source = click.get_current_context().get_parameter_source
    key_given, url_given = (source(name) is ParameterSource.COMMANDLINE for name in ("api_key", "url"))
    if in_database and (key_given or url_given):
        raise click.UsageError("--url and --key use a server, --data-dir, --database-url and --config its database.")
    if url_given and api_key is None:
        raise click.UsageError("--url needs a key: give --key, or set TONGDAI_API_KEY.")
    return api_key is not None and not in_database


async def _applied(conn: Connection, owner: Tenant, settings: CallSettings, changes: Sent) -> CallSettings:
    """The settings with the changes, checked; their queue stays until the transaction ends."""
    changed = call_settings.applied(settings, changes, owner.country)
    if changed.queue_id is not None and not await store.lock_queue(conn, owner.tenant_id, changed.queue_id):
        raise _no_queue(changed.queue_id)
    if changed.trunk is not None and "trunk" in changes:
        try:
            await check_usable(conn, owner.tenant_id, "trunk", EndpointKind.TRUNK, changed.trunk)
        except ApiError as error:
            raise OperatorError(error.message) from None
    return changed


async def _windows(conn: Connection, tenant_id: TenantId, settings: CallSettings) -> Week:
    return rules.week(rules.in_force(settings, await hours.find(conn, tenant_id)))


def _week(shown: Sequence[CallingWindow]) -> Week:
    """The windows that the server shows."""
    return Windows().parse("effectiveWindows", msgspec.convert(msgspec.to_builtins(shown), list[Window]))


def _counted(campaign: Campaign, totals: Totals) -> Row:
    return Row(campaign, *(totals.by_process_status[status] for status in range(3)))


def _servers_row(found: ServersCampaign) -> Row:
    campaign = Campaign(
        CampaignId(found.campaign_id),
        found.name,
        found.type,
        Status(found.status),
        found.user_name,
        found.created_at,
        None if found.pause_reason is None else PauseReason(found.pause_reason),
    )
    return Row(campaign, found.pending_count, found.in_call_count, found.processed_count)


def _held(found: CampaignDetail) -> CallSettings:
    """The settings that the server shows."""
    shown: dict[str, Any] = msgspec.to_builtins(found)
    sent = {
        one.wire: None if shown[one.wire] is None else msgspec.convert(shown[one.wire], one.kind.wire)
        for one in SETTINGS
    }
    return replaced(CallSettings(), sent)


def _sent(changes: Sent) -> SentSettings:
    return msgspec.convert(msgspec.to_builtins(changes), SentSettings)


def _no_campaign(campaign_id: int) -> OperatorError:
    return OperatorError(f"campaign {campaign_id} not found; list campaigns with tongdai campaign list")


def _no_queue(queue_id: object) -> OperatorError:
    return OperatorError(f"queue {queue_id} not found; list queues with tongdai queue list")


def _not_now(action: Action, status: Status) -> OperatorError:
    return OperatorError(f"cannot {action} a campaign that is {status.name.lower()}")
