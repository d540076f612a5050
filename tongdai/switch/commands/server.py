"""The switch itself: its version, its modules, and the events that it sends."""

from typing import Any, cast

from tongdai.switch.commands.requests import expect, path, printable
from tongdai.switch.events import TYPES
from tongdai.switch.interface import Ari, SwitchRefused


async def module_running(ari: Ari, module: str) -> bool:
    reply = await ari.request("GET", path("asterisk", "modules", module))
    if reply.status == 404:
        return False
    body: object = expect(reply).body
    return isinstance(body, dict) and cast("dict[str, Any]", body).get("status") == "Running"


async def version(ari: Ari) -> str:
    """The version that the switch says it has, at most 64 printable characters."""
    body: object = expect(await ari.request("GET", path("asterisk", "info"), {"only": "system"})).body
    system = cast("dict[str, Any]", body).get("system") if isinstance(body, dict) else None
    text = cast("dict[str, Any]", system).get("version") if isinstance(system, dict) else None
    if not isinstance(text, str) or not text:
        raise SwitchRefused(200, "unreadable version")
    return printable(text[:64])


NEEDED_MODULES = (
    *("chan_pjsip.so", "res_pjsip_session.so", "app_stasis.so"),
    *("res_ari_applications.so", "res_ari_bridges.so", "res_ari_channels.so", "res_ari_playbacks.so"),
)
"""Without one of these no call can be placed or heard."""


async def require_modules(ari: Ari) -> None:
    """SwitchRefused names those of NEEDED_MODULES that do not run."""
    reply = await ari.request("GET", path("asterisk", "modules"))
    if reply.status == 404:
        raise SwitchRefused(404, "module res_ari_asterisk.so is not running")
    listed: object = expect(reply).body
    if not isinstance(listed, list):
        raise SwitchRefused(reply.status, "unreadable listing of modules")
    modules = [cast("dict[str, Any]", item) for item in cast("list[object]", listed) if isinstance(item, dict)]
    running = {module.get("name") for module in modules if module.get("status") == "Running"}
    if missing := [name for name in NEEDED_MODULES if name not in running]:
        raise SwitchRefused(404, f"not running: {', '.join(missing)}")


async def started_at(ari: Ari) -> str | None:
    """When the switch's process started, in its own words; None: it does not tell. Another value is another process."""
    reply = await ari.request("GET", path("asterisk", "info"), {"only": "status"})
    body: object = reply.body
    if reply.status != 200 or not isinstance(body, dict):
        return None
    status = cast("dict[str, Any]", body).get("status")
    found = cast("dict[str, Any]", status).get("startup_time") if isinstance(status, dict) else None
    return found if isinstance(found, str) else None


async def set_event_filter(ari: Ari, app: str) -> None:
    """Subscribe to `events.TYPES` only, about a third of all. Asterisk forgets it when the connection ends."""
    allowed = [{"type": name} for name in (*TYPES, "RESTResponse")]  # replies on the websocket count as events here
    expect(await ari.request("PUT", path("applications", app, "eventFilter"), body={"allowed": allowed}))
