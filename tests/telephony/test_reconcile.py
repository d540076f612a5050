"""Whether the switch can place calls is found out before anything is dialled, and what crashes left is cleared away."""

import asyncio
from uuid import UUID

from structlog.testing import capture_logs

from tests.support.dialer_scene import Scene, play
from tests.support.talks import DONE, talks
from tongdai.agents.model import OfflineReason
from tongdai.calls.acts.model import Kind
from tongdai.ids import TenantId
from tongdai.switch.commands.bridges import OF_CALL
from tongdai.switch.simulated.callees import Response, always
from tongdai.telephony.acts.supervisors import Supervision
from tongdai.telephony.reconcile import RETRY_BROKEN_S


def test_switch_without_its_sip_channels_is_not_up_until_they_run() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.modules.remove("chan_pjsip.so")
        s.campaign(1)
        with capture_logs() as logs:
            s.start()
            await asyncio.sleep(10 * RETRY_BROKEN_S)
        assert not s.ari.up
        assert not s.calls()
        (said,) = [line["reason"] for line in logs if line["event"] == "switch cannot place calls"]
        assert "chan_pjsip.so" in said
        s.simulated.modules.append("chan_pjsip.so")
        await s.until(lambda: s.ari.up, within_s=RETRY_BROKEN_S + 1)
        await s.until(s.calls)

    play(scene)


def test_bridges_of_calls_that_have_ended_are_destroyed() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        await s.stop()
        phone = Supervision(TenantId(1), t.call_id, "a8")
        for bridge_id, name in (
            ("1795883840.1", OF_CALL), (str(UUID(int=7)), OF_CALL), (phone.bridge, OF_CALL), ("other", "another's"),
        ):  # fmt: skip
            s.simulated.handle("POST", f"bridges/{bridge_id}", {"type": "mixing", "name": name}, None)
        s.start()
        await s.until(lambda: s.ari.up)
        await s.until(lambda: s.simulated._bridges.keys() == {str(t.call_id), "other"}, within_s=2)
        assert t.together

    play(scene)


def test_bridge_of_a_supervisor_who_listens_is_kept_over_a_restart() -> None:
    async def scene(s: Scene) -> None:
        t = await talks(s)
        assert await t.act(Kind.LISTEN, endpoint="a8") == DONE
        bridge_id = Supervision(TenantId(1), t.call_id, "a8").bridge
        await s.until(lambda: len(s.simulated._bridges.get(bridge_id, ())) == 2)
        await s.stop()
        s.start()
        await s.until(lambda: s.ari.up)
        await asyncio.sleep(1)
        assert len(s.simulated._bridges[bridge_id]) == 2

    play(scene)


def test_callee_whose_agent_has_gone_is_hung_up_after_a_crash_before_the_hang_up() -> None:
    """Nobody talks with them."""

    async def scene(s: Scene) -> None:
        t = await talks(s)
        agent, call_id = t.agent, t.call_id
        await s.stop()
        await s.store.agent_gone(UUID(agent.channel_id), OfflineReason.PHONE_HUNG_UP)  # committed; then it crashed
        s.simulated._hung_up_by_callee(agent)
        s.start()
        await s.until(lambda: call_id in s.store.over, within_s=5)
        (call,) = s.calls()
        assert call.hung_up_by_us

    play(scene, always(Response.ANSWERED, after_s=5, talk_s=600))
