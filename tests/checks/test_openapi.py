"""A document that leaves something unsaid is refused; ours says all."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from checks.openapi import offences_in
from tongdai.http.openapi.document import document
from tongdai.processes.api import ALL_ENDPOINTS
from tongdai.settings.declarations import Settings

Json = dict[str, Any]
DOCUMENT = document(ALL_ENDPOINTS, "1", Settings())
CALLS = "/v1/calls"
BULK = "/v1/campaigns/{id}/contacts/bulk"


def planted(change: Callable[[Json], object]) -> list[str]:
    """The offences after a change of our document."""
    made = copy.deepcopy(DOCUMENT)
    change(made)
    return list(offences_in(made))


def call(made: Json, field: str) -> Json:
    return made["components"]["schemas"]["CallView"]["properties"][field]


def form(made: Json) -> Json:
    return made["paths"][BULK]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]


def operation(made: Json) -> Json:
    return made["paths"][CALLS]["get"]


def test_our_document_has_no_offence() -> None:
    assert planted(lambda _: None) == []


@pytest.mark.parametrize(
    ("change", "offence"),
    [
        (lambda made: call(made, "state").pop("description"), "CallView.state has no description"),
        (lambda made: call(made, "state").update(description=""), "CallView.state has no description"),
        (
            lambda made: made["components"]["schemas"]["AgentView"]["properties"]["agentId"].pop("format"),
            "AgentView.agentId is a number without a format",
        ),
        (lambda made: call(made, "ringSec")["anyOf"][0].pop("format"), "CallView.ringSec is a number without a format"),
        (lambda made: call(made, "openedAt").pop("format"), "CallView.openedAt is an instant, and no date-time"),
        (
            lambda made: call(made, "endedAt")["anyOf"][0].pop("format"),
            "CallView.endedAt is an instant, and no date-time",
        ),
        (lambda made: (call(made, "state").pop("type"), call(made, "state").pop("enum")), "CallView.state has no type"),
        (lambda made: form(made)["listName"].pop("description"), f"POST {BULK}: listName has no description"),
        (lambda made: operation(made).pop("summary"), f"GET {CALLS}: no summary"),
        (lambda made: operation(made).update(tags=["Nothing"]), f"GET {CALLS}: no tag, or one without a description"),
        (lambda made: operation(made)["responses"].pop("429"), f"GET {CALLS}: no answer 429"),
        (
            lambda made: operation(made)["parameters"][0].pop("description"),
            f"GET {CALLS}: campaignId has no description",
        ),
        (
            lambda made: operation(made)["parameters"][0]["schema"].pop("format"),
            f"GET {CALLS}: campaignId is a number without a format",
        ),
        (
            lambda made: made["paths"]["/v1/calls/{callId}"]["get"]["parameters"].pop(0),
            "GET /v1/calls/{callId}: callId is in the path or the parameters only",
        ),
        (
            lambda made: made["components"]["schemas"].update(Nothing={"type": "object"}),
            "schemas Nothing is used nowhere",
        ),
    ],
)
def test_offence_is_named(change: Callable[[Json], object], offence: str) -> None:
    assert planted(change) == [offence]
