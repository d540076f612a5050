"""How the demo's queues treat callers: a menu in front, callbacks, office hours, and a short head start of VIPs."""

from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.queues.holidays.model import DaySpan
from tongdai.queues.hours import store as hours
from tongdai.queues.hours.model import Hours
from tongdai.queues.menus import store as menus
from tongdai.queues.menus.model import Menu
from tongdai.queues.model import Destination, DestinationKind
from tongdai.queues.settings import store as settings

GREETING = "tongdai/welcome"
CLOSED = "tongdai/closed"
"""Sounds: the simulated switch has any."""
VIP_HEAD_START_S = 30
"""So short that normal callers who have waited longer than that are seen before VIPs who came later."""
MORNING, AFTERNOON = DaySpan(8 * 60, 12 * 60), DaySpan(13 * 60, 17 * 60 + 30)
WEEK = ((MORNING, AFTERNOON),) * 5 + ((MORNING,), ())


async def set_up(conn: Connection, tenant_id: TenantId, *, normal: QueueId, vip: QueueId, office: QueueId) -> None:
    """Set up the queues of that kind, which exist, within the caller's transaction."""
    to_normal, to_vip = (Destination(DestinationKind.QUEUE, str(queue_id)) for queue_id in (normal, vip))
    options = {"1": to_normal, "2": to_vip, "9": Destination(DestinationKind.CALLBACK)}
    menu = Menu(name="Chào mừng", greeting=GREETING, options=options, otherwise=to_normal)
    menu_id = await menus.create(conn, tenant_id, menu, None)
    waiting = {"callback_offered": True, "announce_every_s": 20}
    await settings.change(conn, tenant_id, normal, {"menu_id": menu_id, **waiting}, None)
    await settings.change(conn, tenant_id, vip, {"vip_head_start_s": VIP_HEAD_START_S}, None)
    await settings.change(conn, tenant_id, office, waiting, None)
    message = Destination(DestinationKind.MESSAGE, CLOSED)
    await hours.change(conn, tenant_id, office, Hours(week=WEEK, after_hours=message), None)
