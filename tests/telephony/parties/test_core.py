"""Decisions about a call that somebody leaves, and about the members of its bridge."""

from dataclasses import replace
from uuid import UUID

import pytest

from tests.support.calls import NOW
from tongdai.calls.acts.model import Talk
from tongdai.calls.model import CallState
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.ids import AgentId, TenantId
from tongdai.telephony.parties import core

CUSTOMER, AGENT, PARTY, OTHER, SUPERVISOR = "customer", "agent", "party", "other", "supervisor-1-call-sup"
CONSULTED = Party(
    tenant_id=TenantId(1),
    call_id=UUID(int=1),
    channel=PARTY,
    kind=PartyKind.NUMBER,
    agent_id=None,
    target="+84901234567",
    state=PartyState.CONSULTING,
    called_at=NOW,
)
CALLED, TALKING = replace(CONSULTED, state=PartyState.CALLED), replace(CONSULTED, state=PartyState.TALKING)
PLAIN = Talk(CallState.ANSWERED, CUSTOMER, AgentId(1), AGENT, None, None)
NOBODY = replace(PLAIN, agent_id=None, agent_channel=None)


@pytest.mark.parametrize(
    ("talk", "gone", "expected"),
    [
        (PLAIN, AGENT, core.NobodyStays()),
        (PLAIN, OTHER, None),
        (replace(PLAIN, party=CALLED), AGENT, core.NobodyStays(CALLED)),
        (replace(PLAIN, party=CONSULTED), AGENT, core.PartyStays(CONSULTED)),
        (replace(PLAIN, party=TALKING), AGENT, core.PartyStays(TALKING)),
        (replace(PLAIN, party=CALLED), PARTY, core.PartyLeaves(CALLED)),
        (replace(PLAIN, party=TALKING), PARTY, core.PartyLeaves(TALKING)),
        (replace(PLAIN, party=TALKING), OTHER, None),
        (replace(NOBODY, party=TALKING), PARTY, core.NobodyStays()),
        (replace(NOBODY, party=CONSULTED), AGENT, core.PartyStays(CONSULTED)),
        (replace(NOBODY, party=CALLED), AGENT, core.NobodyStays(CALLED)),
        (NOBODY, AGENT, core.NobodyStays()),
    ],
)
def test_parting(talk: Talk, gone: str, expected: core.Parting | None) -> None:
    assert core.parting(talk, gone) == expected


@pytest.mark.parametrize(
    ("talk", "members", "expected"),
    [
        (PLAIN, (AGENT, CUSTOMER), core.Arrangement((), False, ())),
        (PLAIN, (AGENT,), core.Arrangement((), False, (CUSTOMER,))),
        (
            replace(PLAIN, held_until=NOW, party=CONSULTED),
            (AGENT, CUSTOMER),
            core.Arrangement((CUSTOMER,), True, (PARTY,)),
        ),
        (replace(PLAIN, held_until=NOW, party=CALLED), (AGENT,), core.Arrangement((), True, ())),
        (replace(PLAIN, party=TALKING), (AGENT, PARTY), core.Arrangement((), False, (CUSTOMER,))),
        (replace(NOBODY, party=TALKING), (AGENT, PARTY), core.Arrangement((AGENT,), False, (CUSTOMER,))),
        (replace(NOBODY, party=TALKING), (), core.Arrangement((), False, (PARTY, CUSTOMER))),
        (replace(NOBODY, party=CALLED), (), core.Arrangement((), False, ())),
        (PLAIN, (AGENT, CUSTOMER, SUPERVISOR), core.Arrangement((), False, ())),
    ],
)
def test_arrangement(talk: Talk, members: tuple[str, ...], expected: core.Arrangement) -> None:
    assert core.arrangement(talk, members) == expected
