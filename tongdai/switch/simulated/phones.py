"""Phones of the simulated Asterisk: registered or not, free or busy by whatever call, and who hears of a change."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from tongdai.clock import Clock
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.callees import Callee, Response, always
from tongdai.switch.simulated.channels import Frame
from tongdai.switch.simulated.inbound import SimulatedInbound


@dataclass(slots=True)
class OwnCall:
    """A call on a phone that nobody asked the switch for: the agent dialled somebody, or somebody the phone."""

    phone: str
    began_at: datetime
    ended_at: datetime | None = None


class SimulatedPhones(SimulatedInbound):
    def __init__(
        self,
        rng: Random,
        clock: Clock,
        callee: Callee | None,
        phones: Mapping[str, Callee] | None,
        trunks: Sequence[str] | None,
        keep: int | None,
        sounds: Mapping[str, float] | None,
    ) -> None:
        super().__init__(rng, clock, callee, phones, trunks, keep, sounds)
        self.accounts: dict[tuple[str, str], dict[str, str]] = {}
        """The objects of phones' accounts by kind and name, which a restart loses."""
        self.removed_accounts: list[tuple[str, str]] = []
        """Objects that were deleted, in order."""
        self.keeps_accounts = True
        """False: it has no place for them."""
        self._unregistered: set[str] = set()
        self._private: dict[str, tuple[OwnCall, asyncio.TimerHandle]] = {}
        """The phones' calls that are not ours, and their ends."""
        self.own_calls: list[OwnCall] = []
        """All of them, ended ones too."""
        self._watched: dict[tuple[str, str], str] = {}
        """The state that an application was last sent, by application and phone."""

    def register(self, name: str) -> None:
        """The phone can be reached again; all are registered at first."""
        self._unregistered.discard(name)
        self._phone_changed(name)

    def unregister(self, name: str) -> None:
        """The phone is switched off: calls to it are refused, and one that it is in continues."""
        self._unregistered.add(name)
        self._phone_changed(name)

    def use_phone(self, name: str, for_s: float) -> None:
        """The agent is in a call of their own for so long, and busy for us; one that they are in already lasts so
        long."""
        call = OwnCall(name, self._clock.now())
        if name in self._private:
            call, end = self._private.pop(name)
            end.cancel()
        else:
            self.own_calls.append(call)
        self._private[name] = call, asyncio.get_running_loop().call_later(for_s, self._private_ended, name)
        self._phone_changed(name)

    def state_of(self, name: str) -> str:
        """The state as Asterisk names it."""
        if name not in self.phones and self._any_phone is None:
            return "INVALID"
        states = {channel.state for channel in self._channels.values() if channel.phone == name}
        if "Up" in states or name in self._private:
            return "INUSE"
        if name in self._unregistered:
            return "UNAVAILABLE"
        return "RINGING" if "Ringing" in states else "NOT_INUSE"

    def _private_ended(self, name: str) -> None:
        call, end = self._private.pop(name)
        end.cancel()
        call.ended_at = self._clock.now()
        self._phone_changed(name)

    def _callee_of_phone(self, name: str) -> Callee | None:
        if name in self._unregistered:
            return None
        return always(Response.BUSY, 0.1) if name in self._private else super()._callee_of_phone(name)

    def _phone_changed(self, name: str) -> None:
        state = self.state_of(name)
        for (app, phone), before in list(self._watched.items()):
            if phone == name and before != state:
                self._watched[app, phone] = state
                device = {"name": f"PJSIP/{name}", "state": state}
                self._send(app, self._frame("DeviceStateChanged", app, device_state=device))

    def _watch(self, app: str, name: str) -> None:
        self._watched[app, name] = self.state_of(name)

    def _unwatch(self, app: str, name: str | None = None) -> None:
        """Send the application nothing more of a phone, or of any."""
        for key in [key for key in self._watched if key[0] == app and name in {None, key[1]}]:
            del self._watched[key]

    def _endpoint_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("GET", "PJSIP"):
                accounts = {name for kind, name in self.accounts if kind == "endpoint"}
                return Reply(200, self._endpoint_views([*self.phones, *sorted(accounts - self.phones.keys())]))
            case ("GET", "PJSIP", name) if self.state_of(name) != "INVALID":
                return Reply(200, self._endpoint_views([name])[0])
            case _:
                return Reply(404, {"message": "Endpoint not found"})

    def _account_request(self, method: str, kind: str, name: str, values: Mapping[str, Any]) -> Reply:
        match method:
            case "PUT" if self.keeps_accounts:
                self.accounts[kind, name] = {field["attribute"]: field["value"] for field in values["fields"]}
                return Reply(200, [])
            case "PUT":
                return Reply(403, {"message": "Cannot create sorcery objects"})
            case "GET" if (kind, name) in self.accounts:
                fields = self.accounts[kind, name].items()
                return Reply(200, [{"attribute": attribute, "value": value} for attribute, value in fields])
            case "DELETE" if (kind, name) in self.accounts:
                del self.accounts[kind, name]
                self.removed_accounts.append((kind, name))
                return Reply(204, None)
            case _:
                return Reply(404, {"message": "Object not found"})

    def _endpoint_views(self, names: Iterable[str]) -> list[Frame]:
        channels: dict[str, list[str]] = {name: [] for name in names}
        for channel in self._channels.values():
            if channel.phone in channels:
                channels[channel.phone].append(channel.channel_id)
        for name in channels.keys() & self._private.keys():
            channels[name].append(f"private-{name}")
        return [
            {
                "technology": "PJSIP",
                "resource": name,
                "state": "offline" if name in self._unregistered else "online",
                "channel_ids": found,
            }
            for name, found in channels.items()
        ]
