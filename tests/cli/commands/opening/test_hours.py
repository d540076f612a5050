"""`tongdai queue hours`, `close` and `open`."""

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of

WEEK = "opening hours: mon-fri 08:00-12:00; sat 22:00-06:00"


@pytest.fixture
def queue_id(run: Run, two_tenants: object) -> str:
    assert two_tenants
    return output_of(run("queue", "create", "--tenant", "8", "--name", "Desk")).strip()


def test_hours_are_set_and_shown_and_reset(run: Run, queue_id: str) -> None:
    own = ("queue", "hours", "--tenant", "8", "--queue", queue_id)
    always = "opening hours: daily 00:00-24:00\nholidays: open\nafter hours: hang_up\nnow: open\n"
    assert output_of(run(*own)) == always
    shown = output_of(run(*own, "mon-fri 08:00-12:00", "sat 22:00-06:00"))
    assert shown.startswith(f"{WEEK}\nholidays: closed\nafter hours: hang_up\nnow: ")
    shown = output_of(run(*own, "--no-holidays"))
    assert shown.startswith(f"{WEEK}\nholidays: open\nafter hours: hang_up\nnow: ")
    assert output_of(run(*own, "--default")) == always


def test_defaults_of_the_tenant_hold_for_a_queue(run: Run, queue_id: str) -> None:
    defaults = ("queue", "hours", "--tenant", "8")
    assert "daily 06:00-22:00" in output_of(run(*defaults, "daily 06:00-22:00"))
    assert "daily 06:00-22:00" in output_of(run(*defaults, "--queue", queue_id))
    assert "daily 00:00-24:00" in output_of(run(*defaults, "--default"))


def test_destination_of_callers_after_hours_is_set_and_reset(run: Run, queue_id: str) -> None:
    own = ("queue", "hours", "--tenant", "8", "--queue", queue_id)
    assert "\nafter hours: message:closed\n" in output_of(run(*own, "mon 08:00-12:00", "--after", "message:closed"))
    assert "\nafter hours: message:closed\n" in output_of(run(*own, "--no-holidays"))
    other = output_of(run("queue", "create", "--tenant", "8", "--name", "Evening")).strip()
    assert f"\nafter hours: queue:{other}\n" in output_of(run(*own, "--after", f"queue:{other}"))
    assert "must be another queue" in complaint_of(run(*own, "--after", f"queue:{queue_id}"), 1)
    assert "not found" in complaint_of(run(*own, "mon 09:00-12:00", "--after", "queue:999999"), 1)
    assert "no destination" in complaint_of(run(*own, "--after", "queue"), 2)
    shown = output_of(run(*own))
    assert "mon 08:00-12:00" in shown
    assert f"after hours: queue:{other}" in shown
    assert "\nafter hours: hang_up\n" in output_of(run(*own, "--default"))


def test_queue_is_closed_and_opened(run: Run, queue_id: str) -> None:
    one = ("--tenant", "8", "--queue", queue_id)
    assert output_of(run("queue", "close", *one, "--note", "Fire")) == f"Queue {queue_id} closed.\n"
    assert output_of(run("queue", "hours", *one)).endswith("now: closed (closed now)\n")
    output_of(run("queue", "close", *one, "--for", "2h"))
    assert "now: closed until 20" in output_of(run("queue", "hours", *one))
    assert output_of(run("queue", "open", *one)) == f"Queue {queue_id} opened.\n"
    assert output_of(run("queue", "hours", *one)).endswith("now: open\n")


def test_all_queues_are_closed_and_opened(run: Run, queue_id: str) -> None:
    assert output_of(run("queue", "close", "--tenant", "8")) == "All queues closed.\n"
    assert "closed now" in output_of(run("queue", "hours", "--tenant", "8", "--queue", queue_id))
    assert output_of(run("queue", "open", "--tenant", "8")) == "All queues opened.\n"


def test_what_cannot_be_is_refused(run: Run, queue_id: str) -> None:
    one = ("queue", "hours", "--tenant", "8", "--queue", queue_id)
    assert "must be from one time to another" in complaint_of(run(*one, "mon 08:00-08:00"), 2)
    assert "give it alone" in complaint_of(run(*one, "mon 08:00-09:00", "--default"), 2)
    assert "not found" in complaint_of(run("queue", "hours", "--tenant", "5", "--queue", queue_id), 1)
    assert "not found" in complaint_of(run("queue", "close", "--tenant", "5", "--queue", queue_id), 1)
    assert "not found" in complaint_of(run("queue", "open", "--tenant", "5", "--queue", queue_id), 1)
