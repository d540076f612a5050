from datetime import UTC, datetime, timedelta

from tongdai.topics.model import Reading, Sent, Topic

T0 = datetime(2026, 3, 10, 2, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def test_the_first_reading_is_sent_whole():
    event = Sent().event({Topic.AGENTS: Reading(T0, []), Topic.QUEUES: Reading(at(1), {"waiting": 0})}, at(2))
    assert event == {
        "now": at(2), "readAt": {"agents": T0, "queues": at(1)}, "agents": [], "queues": {"waiting": 0},
    }  # fmt: skip


def test_a_topic_is_sent_again_when_it_differs():
    sent = Sent()
    sent.event({Topic.AGENTS: Reading(T0, ["idle"]), Topic.QUEUES: Reading(T0, {})}, T0)
    event = sent.event({Topic.AGENTS: Reading(at(1), ["talking"]), Topic.QUEUES: Reading(at(1), {})}, at(1))
    assert event == {"now": at(1), "readAt": {"agents": at(1), "queues": at(1)}, "agents": ["talking"]}


def test_what_did_not_change_is_as_young_as_its_last_reading():
    sent = Sent()
    sent.event({Topic.AGENTS: Reading(T0, [])}, T0)
    assert sent.event({Topic.AGENTS: Reading(at(1), [])}, at(2)) == {"now": at(2), "readAt": {"agents": at(1)}}
