"""Transfers of live calls to a queue, an agent or a number, without a word before (blind).

    TALKING ── transfer ──▶ WAITING (queue, agent) or FORWARDING (number)      the agent wraps up
    WAITING ── transfer ──▶ WAITING elsewhere, at the same place, or FORWARDING
    TALKING with a number, or with a phone that took over, likewise: it is hung up

The ACD does it, within the queue of the call's channel, in which acts are done: no event of the call comes between.
A call to a contact becomes the ACD's, and stays so, whatever comes of the transfer. What somebody changed of the talk
is undone first: the customer is on hold no more, and the agent not muted.
"""

from tongdai.acd.controller import AcdController
from tongdai.calls.acts.model import Act, Ended, Result, Talk
from tongdai.dialer.call.controller import CallController
from tongdai.switch import commands
from tongdai.switch.interface import Ari


class Transfers:
    def __init__(self, ari: Ari, acd: AcdController, dialer: CallController) -> None:
        """`dialer` has the calls to contacts."""
        self._ari, self._acd, self._dialer = ari, acd, dialer

    async def do(self, act: Act, talk: Talk) -> Ended:
        """Do a transfer that the state of the call allows."""
        if talk.party is not None and talk.with_agent:
            return Ended(Result.REFUSED, "Somebody is consulted, or in a conference: complete or cancel that first")
        if act.to_agent is not None and act.to_agent == talk.agent_id and talk.with_agent:
            return Ended(Result.REFUSED, "The agent talks with the customer already")
        if talk.held:
            await commands.stop_music(self._ari, talk.channel)
        why = await self._transfer(act, talk)
        if why is None:
            return Ended(Result.DONE)
        if talk.held:  # still: nobody else would play music to them
            await commands.start_music(self._ari, talk.channel)
        return Ended(Result.REFUSED, why)

    async def _transfer(self, act: Act, talk: Talk) -> str | None:
        """Returns why not; None: it is done."""
        if self._dialer.owns(talk.channel):
            if not await self._acd.take_contact(act.tenant_id, act.call_id):
                return "The call is not connected with an agent"
            self._dialer.forget(talk.channel)
        return await self._acd.transfer(talk.channel, act.destination, act.to_agent)
