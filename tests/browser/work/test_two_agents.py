"""Two agents and one customer: what the desk of each shows while the call goes from one to the other."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import assert_accessible
from tests.browser.work.conftest import CALL_MS, Desk, Seated, quiet_queue


@pytest.fixture
def pair(request: pytest.FixtureRequest, seated: Seated, api: httpx2.Client, alone: int) -> tuple[Desk, Desk]:
    """An agent who talks with a caller, and one who is ready and gets no callers of their own."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")[:20]
    other = seated(f"other-{name}", quiet_queue(api))
    other.sign_in()
    first = seated(f"first-{name}", alone)
    first.sign_in()
    expect(first.page.get_by_role("button", name="Consult", exact=True)).to_be_visible(timeout=CALL_MS)
    return first, other


def party(desk: Desk, kind: str, whom: Desk) -> None:
    """Choose the other agent for a transfer or a consult."""
    desk.act(kind)
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(whom.name)
    dialog.get_by_role("button", name=whom.name).click()


def customer(desk: Desk) -> str:
    """The customer's number, as the card shows it."""
    return desk.call.locator("strong").first.inner_text()


def talks(desk: Desk, number: str) -> None:
    """The desk shows that its agent alone talks with the customer."""
    expect(desk.state).to_contain_text("Talking")
    expect(desk.call).to_contain_text(number)
    expect(desk.call.get_by_role("button", name="Hold", exact=True)).to_be_visible()
    expect(desk.call.get_by_text("Conference")).to_have_count(0)
    expect(desk.call.get_by_text("Consultation")).to_have_count(0)


def test_blind_transfer(pair: tuple[Desk, Desk]) -> None:
    first, other = pair
    number = customer(first)
    party(first, "Transfer", other)
    talks(other, number)
    expect(first.state).to_contain_text("Wrap-up")
    expect(first.call.get_by_role("button", name="Hold", exact=True)).to_have_count(0)


def test_consult_then_transfer(pair: tuple[Desk, Desk]) -> None:
    first, other = pair
    number = customer(first)
    party(first, "Consult", other)
    expect(first.call).to_contain_text("Consultation: the customer waits")
    expect(first.call).to_contain_text(f"{other.name}: talks with you")
    expect(other.call).to_contain_text("You are consulted")
    expect(other.call).to_contain_text(number)
    expect(other.call.get_by_role("button")).to_have_count(0)
    assert_accessible(other.page)
    first.act("Transfer now")
    talks(other, number)
    expect(first.state).to_contain_text("Wrap-up")


def test_consult_then_back(pair: tuple[Desk, Desk]) -> None:
    first, other = pair
    number = customer(first)
    party(first, "Consult", other)
    expect(other.call).to_contain_text("You are consulted")
    first.act("Back to the customer")
    talks(first, number)
    expect(other.state).to_contain_text("Ready")
    expect(other.call).to_contain_text("No call")


def test_conference(pair: tuple[Desk, Desk]) -> None:
    first, other = pair
    number = customer(first)
    party(first, "Consult", other)
    expect(first.call).to_contain_text(f"{other.name}: talks with you")
    first.act("Conference")
    for desk in pair:
        expect(desk.call.get_by_text("Conference", exact=True)).to_be_visible()
        expect(desk.state).to_contain_text("Talking")
    expect(first.call).to_contain_text(f"{other.name}: in the call")
    expect(other.call).to_contain_text("You talk with a colleague and their customer")
    expect(other.call.get_by_role("button", name="Hang up")).to_have_count(0)
    assert_accessible(first.page)
    first.act("Back to the customer")
    talks(first, number)
    expect(other.state).to_contain_text("Wrap-up")
