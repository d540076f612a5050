"""The document of the state machines."""

from tests.support import state_machines


def test_document_is_what_the_tables_say():
    assert state_machines.DOCUMENT.read_text("utf-8") == state_machines.printed(), (
        "run python -m tests.support.state_machines"
    )
