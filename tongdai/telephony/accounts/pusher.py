"""Keeps the SIP accounts of agents' phones on the switch.

    phone_account: made, changed ─→ once a second: not known to be there ─→ put on the switch ─→ pushed, or its problem
                   removed ───────→ removed from the switch ─→ the row goes
                   a browser's that none holds ─→ removed from the switch ─→ the row waits for the next one

The rows are the truth, and the switch has a copy in its memory, which it loses when it restarts. So after each
connection every account is compared with the switch's, and put there where it is missing or differs; after that only
what has changed is read, and every ALL_S all of them, for a change that crossed the record that an account is there.
Owns nothing but its knowledge of what the switch has.

Fails safely:
- no connection: the accounts wait, and the API says that they are not on the switch;
- a crash between the switch and the row: the account is put or removed again, which changes nothing;
- the switch refuses one (no place for accounts, or a file has its name): its row says why, it is tried again each
  minute, and the others are not kept waiting.
"""

import structlog

from tongdai.agents.accounts.model import Wanted
from tongdai.agents.model import Mode
from tongdai.clock import Clock
from tongdai.switch.commands import Account, put_account, remove_account
from tongdai.switch.interface import Ari, SwitchRefused, SwitchUnreachable
from tongdai.telephony.accounts.store import AccountStore

log = structlog.get_logger()

AGAIN_S = 60.0
"""When the switch is asked again to take an account that it has refused."""
ALL_S = 300.0
"""How often all accounts are read."""
NO_PLACE = "the switch takes no accounts, or its files have one of this name: see docs/telephony.md, Phones"


class AccountPusher:
    def __init__(self, store: AccountStore, ari: Ari, clock: Clock) -> None:
        self._store, self._ari, self._clock = store, ari, clock
        self._there: dict[str, str] = {}
        """The revisions that the switch has, by name, since it was connected."""
        self._refused_at: dict[str, tuple[str, float]] = {}
        """The revision that it refused, and when."""
        self._all_at: float | None = None
        """When all accounts were read last; None: not since the switch was connected."""

    def reconnected(self) -> None:
        """The switch may have lost any of them."""
        self._there.clear()
        self._refused_at.clear()
        self._all_at = None

    async def round(self) -> None:
        """Once a second."""
        if not self._ari.up:
            return
        for account in await self._store.unwanted():
            await remove_account(self._ari, account.name)
            self._there.pop(account.name, None)
            await self._store.gone(account)
            log.info("phone account removed", tenant=account.tenant_id, account=account.name)
        now = self._clock.monotonic()
        if self._all_at is not None and now - self._all_at < ALL_S:
            for account in await self._store.changed():
                await self._keep(account)
            return
        self._all_at = now  # before the first await: the switch may be connected anew meanwhile
        try:
            for account in await self._store.wanted():
                await self._keep(account)
        except BaseException:
            self._all_at = None
            raise

    async def _keep(self, wanted: Wanted) -> None:
        digest = self._store.digest(wanted)
        account = Account(wanted.name, digest, answers_by_itself=wanted.mode is Mode.NAILED_UP, browser=wanted.browser)
        if self._there.get(account.name) == account.revision and wanted.pushed:
            return
        revision, at = self._refused_at.get(account.name, ("", 0.0))
        if revision == account.revision and self._clock.monotonic() - at < AGAIN_S:
            return
        try:
            changed = await put_account(self._ari, account)
        except SwitchUnreachable:
            raise
        except SwitchRefused as error:
            await self._refused(wanted, account, error)
            return
        self._there[account.name] = account.revision
        if changed or not wanted.pushed:
            await self._store.pushed(wanted)
            log.info("phone account on the switch", tenant=wanted.tenant_id, account=account.name)

    async def _refused(self, wanted: Wanted, account: Account, error: SwitchRefused) -> None:
        problem = NO_PLACE if error.status == 403 else str(error)
        self._there.pop(account.name, None)
        self._refused_at[account.name] = (account.revision, self._clock.monotonic())
        await self._store.refused(wanted, problem)
        if wanted.problem != problem:
            log.warning("phone account refused", tenant=wanted.tenant_id, account=account.name, reason=problem)
