"""Channels that nobody owns are refused or left alone."""

from tests.support.dialer_scene import Scene, play


def test_call_that_comes_in_for_nobody_is_refused_before_its_answer() -> None:
    async def scene(stage: Scene) -> None:
        stage.start()
        await stage.until(lambda: stage.ari.up)
        call = stage.simulated.call_in("842871001234", "84901234567")
        await stage.until(lambda: call.ended_at is not None)
        assert (call.cause, call.ended_by, call.answered_at) == (34, "us", None)

    play(scene)
