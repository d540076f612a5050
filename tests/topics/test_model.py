from datetime import UTC, datetime, timedelta

import msgspec

from tongdai.topics.model import Reading, Sent, Topic

T0 = datetime(2026, 3, 10, 2, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def read(when, data):
    return Reading(when, msgspec.Raw(msgspec.json.encode(data)))


def received(event):
    """The event as a client has it."""
    return msgspec.json.decode(msgspec.json.encode(event))


def test_the_first_reading_is_sent_whole():
    event = Sent().event({Topic.AGENTS: read(T0, []), Topic.QUEUES: read(at(1), {"waiting": 0})}, at(2))
    assert received(event) == {
        "now": "2026-03-10T02:00:02Z", "readAt": {"agents": "2026-03-10T02:00:00Z", "queues": "2026-03-10T02:00:01Z"},
        "agents": [], "queues": {"waiting": 0},
    }  # fmt: skip


def test_a_topic_is_sent_again_when_it_differs():
    sent = Sent()
    sent.event({Topic.AGENTS: read(T0, ["idle"]), Topic.QUEUES: read(T0, {})}, T0)
    event = sent.event({Topic.AGENTS: read(at(1), ["talking"]), Topic.QUEUES: read(at(1), {})}, at(1))
    assert event["readAt"] == {"agents": at(1), "queues": at(1)}
    assert received(event)["agents"] == ["talking"]
    assert "queues" not in event


def test_what_did_not_change_is_as_young_as_its_last_reading():
    sent = Sent()
    sent.event({Topic.AGENTS: read(T0, [])}, T0)
    assert sent.event({Topic.AGENTS: read(at(1), [])}, at(2)) == {"now": at(2), "readAt": {"agents": at(1)}}
