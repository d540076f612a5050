"""Whether the switch can place calls is found out before anything is dialled."""

import asyncio

from structlog.testing import capture_logs

from tests.support.dialer_scene import Scene, play
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
