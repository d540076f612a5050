"""The parts of the switch are checked once in a while, in the background."""

import asyncio
import random
from collections.abc import Collection, Mapping

from tongdai.acd.audio.switch_prompts import RECHECK_MISSING_S, RECHECK_S, SwitchPrompts
from tongdai.testing import virtual_time

NAMES = ["tongdai/vi/hai", "tongdai/vi/ba"]


def test_sounds_are_known_once_checked_and_checked_again_after_a_while() -> None:
    async def main() -> None:
        has, asked = {"tongdai/vi/hai"}, list[list[str]]()
        tasks: list[asyncio.Task[None]] = []

        async def check(names: Collection[str]) -> Mapping[str, bool | None]:
            asked.append(sorted(names))
            await asyncio.sleep(0.3)
            return {name: True if name in has else None for name in names}

        prompts = SwitchPrompts(check, virtual_time.LoopClock(), lambda work: tasks.append(asyncio.create_task(work)))
        assert prompts.present(NAMES) is None
        assert prompts.present(NAMES) is None
        await asyncio.sleep(1)
        assert prompts.present(NAMES) == {"tongdai/vi/hai"}
        assert asked == [sorted(NAMES)], "checked once"
        has.add("tongdai/vi/ba")
        await asyncio.sleep(RECHECK_MISSING_S)
        assert prompts.present(NAMES) == {"tongdai/vi/hai"}, "as it was, until it is known"
        await asyncio.sleep(1)
        assert prompts.present(NAMES) == {*NAMES}
        assert asked[1:] == [["tongdai/vi/ba"]]
        has.clear()
        await asyncio.sleep(RECHECK_S)
        prompts.present(NAMES)
        await asyncio.sleep(1)
        assert prompts.present(NAMES) == set()

    virtual_time.run(main(), random.Random(1))
