"""Steps of one call, each as a test writes them; whether it was changed."""

from tongdai.calls import finish, store
from tongdai.calls.finish import End
from tongdai.calls.store import Step


async def rang(conn, attempt, at):
    return bool(await store.rang(conn, [Step(attempt, at)]))


async def answered(conn, attempt, at, lease):
    return bool(await store.answered(conn, [Step(attempt, at)], lease))


async def connected(conn, attempt, at, agent_id):
    return bool(await store.connected(conn, [Step(attempt, at, agent_id)]))


async def end(conn, attempt, ending, again_at):
    return bool(await finish.end(conn, [End(attempt, ending, again_at)]))


async def history(conn, attempt):
    """Of its contact; None: that is gone."""
    past = (await finish.pasts(conn, [attempt])).get(attempt.attempt_id)
    return past and past.history
