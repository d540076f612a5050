"""`/phone`: the websocket between an agent's browser and the switch, through which its phone signs on and is called.

    handshake: session of an agent's user, CSRF token, own origin
      ─▶ hold the agent's account ─▶ the switch has it ─▶ connect to the switch ─▶ credentials sent ─▶ relay
           └ not held: closed, with the reason                                                    ─▶ closed

The first message to the browser is `{"username": …, "password": …}`, and all others are SIP. So the Asterisk stays on
loopback, the page needs no second certificate, and a password lives no longer than the holding of the account, which
this connection extends (agents/accounts/browser.py). A browser that asks with `?take=1` takes the phone from another
one, or from a desk phone. `?page=` is the name of the page, a UUID that it makes when it is loaded: another page has no
call of the former one (telephony/pages).

It ends with the session (within BEAT_S), the page, the switch's connection or the server, when another connection holds
the account, or when the page has sent nothing for SILENT_S: it is asked every PING_S whether it is there, which a page
that sleeps does not answer. The account has no page then, and the switch takes a phone whose connection ends for
unreachable at once: its agent gets no callers (telephony/phone_watch.py).

After a crash the holding ends by itself; the leader of the switch removes the account there.
"""

import asyncio
from uuid import UUID, uuid4

import msgspec
import structlog

from tongdai.agents.accounts import browser
from tongdai.agents.accounts.browser import Held, NotHeld
from tongdai.db.unavailable import unavailable
from tongdai.http.connections.websocket import WebSocket, require_own_origin
from tongdai.http.endpoint import Endpoint, connection, principal_of, readable_query_of
from tongdai.http.request import Request
from tongdai.ids import AgentId, SessionId, TenantId
from tongdai.phone.address import websocket_of
from tongdai.phone.relay import (
    DESK_PHONE,
    ELSEWHERE,
    NO_ACCOUNT,
    NO_AGENT,
    NO_SWITCH,
    PAGE_GONE,
    SESSION_ENDED,
    SILENT,
    SIMULATED,
    SIP,
    STOPPING,
    TAKEN,
    Ended,
    SwitchClosed,
    connected,
    relay,
)
from tongdai.settings.declarations import Settings
from tongdai.switches import store as switches

log = structlog.get_logger()

PATH = "/phone"
BEAT_S = 4.0
"""How often the session is checked and the holding extended."""
SILENT_S = 6.0
"""Time without a message from the page after which it counts as asleep."""
ON_SWITCH_S = 10.0
"""How long the switch may take to get the account."""
_LOOK_S = 0.1
_ENDPOINT = Endpoint(
    method="GET",
    path=PATH,
    scope=None,
    summary="The phone in an agent's browser, a websocket; for the console alone",
    response=None,
    sample=None,
)
_NOT_HELD = {NotHeld.NO_ACCOUNT: NO_ACCOUNT, NotHeld.DESK_PHONE: DESK_PHONE, NotHeld.ELSEWHERE: ELSEWHERE}


class PhoneSocket:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[tuple[TenantId, AgentId], asyncio.Event] = {}
        """The open connections of this process, one for each agent; set: another has taken the place."""

    async def __call__(self, socket: WebSocket, request: Request) -> None:
        """Handle the websocket until it is closed."""
        request.endpoint = _ENDPOINT
        await request.resources.guard(request, _ENDPOINT)
        require_own_origin(request)
        await socket.accept(SIP)
        principal = principal_of(request)
        ended = NO_AGENT
        if principal.agent_id is not None and principal.session_id is not None:
            ended = await self._held(socket, request, principal.agent_id, principal.session_id)
        log.info("browser phone ended", tenant=principal.tenant_id, agent=principal.agent_id, reason=ended.reason)
        await socket.close(ended.code, ended.reason)

    async def _held(self, socket: WebSocket, request: Request, agent_id: AgentId, session_id: SessionId) -> Ended:
        """Hold the account of the agent, and relay, until it ends."""
        tenant_id, holding = principal_of(request).tenant_id, uuid4()
        query = readable_query_of(request)
        async with connection(request) as conn:
            switch = await switches.of_tenant(conn, tenant_id)
            url = websocket_of(self._settings, switch.name)
            if url is None:
                return SIMULATED if switch.kind is not None and switch.kind.value == "simulated" else NO_SWITCH
            held = await browser.hold(
                conn, tenant_id, agent_id, session_id, holding, request.resources.pepper,
                principal_of(request).author, take="take" in query, page=_page(query.get("page")),
            )  # fmt: skip
        if isinstance(held, NotHeld):
            return _NOT_HELD[held]
        place, taken = (tenant_id, agent_id), asyncio.Event()
        if place in self._open:
            self._open[place].set()
        self._open[place] = taken
        ended = NO_SWITCH
        try:
            ended = await self._served(socket, url, held, _Holding(request, tenant_id, agent_id, holding, taken))
        finally:
            if self._open.get(place) is taken:
                del self._open[place]
            await self._end(request, tenant_id, agent_id, holding, ended)
        return ended

    async def _end(self, request: Request, tenant_id: TenantId, agent_id: AgentId, holding: UUID, ended: Ended) -> None:
        """End the holding; without the database it ends by itself."""
        try:
            async with connection(request) as conn:
                if ended is SESSION_ENDED:
                    await browser.release(conn, tenant_id, agent_id, holding)
                else:
                    await browser.leave(conn, tenant_id, agent_id, holding, page_gone=ended is PAGE_GONE)
        except Exception as error:
            if not unavailable(error):
                raise

    async def _served(self, socket: WebSocket, url: str, held: Held, holding: "_Holding") -> Ended:
        ended = await holding.on_switch()
        if ended is not None:
            return ended
        try:
            async with connected(url) as switch:
                name, password = held.credentials.name, held.credentials.password
                await socket.send(msgspec.json.encode({"username": name, "password": password}).decode())
                log.info("browser phone connected", tenant=holding.tenant_id, agent=holding.agent_id)
                return await relay(socket, switch, holding.heard, holding.over)
        except SwitchClosed as error:
            log.warning("switch takes no browser phones", reason=str(error), see="docs/telephony.md")
            return NO_SWITCH


class _Holding:
    """The holding of an account by a connection."""

    def __init__(
        self, request: Request, tenant_id: TenantId, agent_id: AgentId, holding: UUID, taken: asyncio.Event
    ) -> None:
        self._request, self._holding, self._taken = request, holding, taken
        self.tenant_id, self.agent_id = tenant_id, agent_id
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()

    def heard(self) -> None:
        self._heard_at = self._loop.time()

    async def on_switch(self) -> Ended | None:
        """Wait until the switch has the account; why not, otherwise."""
        until = self._loop.time() + ON_SWITCH_S
        while self._loop.time() < until and not self._request.resources.stopping.is_set():
            async with connection(self._request) as conn:
                found = await browser.on_switch(conn, self.tenant_id, self.agent_id, self._holding)
            if found is None:
                return TAKEN
            if found.there:
                self.heard()
                return None
            if found.problem is not None:
                return NO_SWITCH
            await asyncio.sleep(_LOOK_S)
        return NO_SWITCH

    async def over(self) -> Ended:
        """Extend the holding until it ends; why it does."""
        extended_at = self._loop.time()
        stopping = asyncio.create_task(self._request.resources.stopping.wait())
        taken = asyncio.create_task(self._taken.wait())
        try:
            while True:
                until = min(extended_at + BEAT_S, self._heard_at + SILENT_S)
                timeout = max(0.0, until - self._loop.time())
                await asyncio.wait((stopping, taken), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                if stopping.done():
                    return STOPPING
                if taken.done():
                    return TAKEN
                now = self._loop.time()
                if now - self._heard_at >= SILENT_S:
                    return SILENT
                if now - extended_at >= BEAT_S:
                    extended_at = now
                    if (ended := await self._extended()) is not None:
                        return ended
        finally:
            stopping.cancel()
            taken.cancel()

    async def _extended(self) -> Ended | None:
        """Extend the holding of a session that is still valid; while the database is unavailable both are assumed."""
        try:
            if not await self._request.resources.guard.still(self._request):
                return SESSION_ENDED
            async with connection(self._request) as conn:
                extended = await browser.extend(conn, self.tenant_id, self.agent_id, self._holding)
        except Exception as error:
            if not unavailable(error):
                raise
            return None
        return None if extended else TAKEN


def _page(values: list[str] | None) -> UUID | None:
    """The name of a page; None: it has none, or not such a one."""
    try:
        return UUID(values[-1]) if values else None
    except ValueError:
        return None
