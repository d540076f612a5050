"""Tells the controller of a call with whom the customer talks, and that nobody is left."""

from tongdai.acd.caller import signals as caller
from tongdai.acd.controller import AcdController
from tongdai.dialer.call import model as call
from tongdai.dialer.call.controller import CallController
from tongdai.ids import AgentId


class Talks:
    def __init__(self, controller: CallController, acd: AcdController | None) -> None:
        self._controller, self._acd = controller, acd

    def changed(self, customer: str, agent_id: AgentId | None, channel: str) -> None:
        """The customer with that channel talks with another one from now on."""
        if self._controller.owns(customer):
            self._controller.post(customer, call.TalksWith(channel))
        elif self._acd is not None and self._acd.owns(customer):
            self._acd.post(customer, caller.TalksWith(agent_id, channel))

    def over(self, customer: str, channel: str) -> None:
        """Whoever had that channel has left the customer, who is with nobody now."""
        if self._controller.owns(customer):
            self._controller.post(customer, call.AgentLeft(channel))
        elif self._acd is not None and self._acd.owns(customer):
            self._acd.post(customer, caller.AgentLeft(channel))
