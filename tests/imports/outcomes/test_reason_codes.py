"""The reasons why rows are not created are listed: in the OpenAPI document and in the guide."""

import re
from pathlib import Path

from tongdai.contacts.numbers.phone import NumberFault
from tongdai.contacts.validation import ContactFault
from tongdai.http.openapi.document import document
from tongdai.imports.outcomes.codec import REASON_CODES
from tongdai.processes.api import ENDPOINTS
from tongdai.settings.declarations import Settings

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


def test_every_reason_has_a_code_of_its_own() -> None:
    assert {*NumberFault, *ContactFault} <= set(REASON_CODES)
    assert len(REASON_CODES) == len(set(REASON_CODES))


def test_the_document_lists_them() -> None:
    row = document(ENDPOINTS, "1", Settings())["components"]["schemas"]["RowView"]["properties"]["reasonCode"]
    assert row["anyOf"][0]["enum"] == REASON_CODES


def test_the_guide_explains_them() -> None:
    table = GUIDE.read_text(encoding="utf-8").partition("| `reasonCode` | |")[2].partition("###")[0]
    named = {
        code for cells in re.findall(r"^\|([^|]*)\|", table, re.MULTILINE) for code in re.findall(r"`(\w+)`", cells)
    }
    assert named == set(REASON_CODES)
