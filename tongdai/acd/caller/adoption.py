"""The progress of a caller whom another process left, from the rows. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from tongdai.acd.caller import forwarding, ring_all
from tongdai.acd.caller.model import CallerProgress, NumberCall, Stage
from tongdai.agents.model import Agent, AgentState, Mode
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.inbound.model import InboundCall


def adopted(
    call: InboundCall,
    hops: int | None,
    agent: Agent | None,
    number: NumberCall | None = None,
    others: Sequence[Agent] = (),
    epoch: int = 0,
    *,
    asked: bool = False,
) -> CallerProgress:
    """The progress of a call that another process left, from its rows: of the call, of the caller in a queue (`hops`;
    None: in none), of the agent to whom the caller is offered, or who talks, of the number that is called for the
    caller, or talks, and of `others` who are rung at once. `asked`: to be called back. It continues when the channel is
    listed.

    The rows do not tell how many of the hops of one who has talked were transfers: none counts towards the limit."""
    talked = call.connected_at is not None
    progress = CallerProgress(
        call.call_id, call.queue_id, hops=hops or 0, transfers=(hops or 0) if talked else 0, epoch=epoch,
        answered=call.answered_at is not None, talked=talked, stage=Stage.PLAYING if asked else Stage.ADMITTING,
        outcome=InboundOutcome.CALLBACK if asked else None,
    )  # fmt: skip
    if number is not None and (agent is None or agent.state is not AgentState.TALKING):
        return forwarding.adopted(progress, number)
    if others:
        return replace(progress, stage=Stage.CONNECTING, rung=ring_all.adopted(agent, others))
    if agent is not None:
        rings, talks = agent.mode is Mode.RING, agent.state is AgentState.TALKING
        stage = Stage.TALKING if talks else Stage.CONNECTING
        return replace(
            progress, stage=stage, agent_id=agent.agent_id, agent_channel=str(agent.channel_id), rings=rings,
            placed=True, agent_up=not rings or talks,
        )  # fmt: skip
    if hops is not None:
        return replace(progress, stage=Stage.WAITING)
    if progress.talked:  # the agent's phone hung up meanwhile
        return replace(progress, stage=Stage.TALKING, agent_id=call.agent_id)
    return progress  # one who hears a menu or a message is admitted again, and hears it from the beginning
