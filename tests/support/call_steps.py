"""Steps of one call, each as a test writes them; whether it was changed."""

from tongdai.calls import finish, store
from tongdai.calls.finish import End
from tongdai.calls.store import Step


async def rang(conn, call, at):
    return bool(await store.rang(conn, [Step(call, at)]))


async def answered(conn, call, at, lease):
    return bool(await store.answered(conn, [Step(call, at)], lease))


async def connected(conn, call, at, agent_id):
    return bool(await store.connected(conn, [Step(call, at, agent_id)]))


async def end(conn, call, ending, again_at):
    return bool(await finish.end(conn, [End(call, ending, again_at)]))


async def history(conn, call):
    """Of its contact; None: that is gone."""
    context = (await finish.retry_contexts(conn, [call])).get(call.call_id)
    return context and context.history
