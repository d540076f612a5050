from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.switch.events import (
    TYPES,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHold,
    ChannelUnhold,
    DeviceStateChanged,
    Dial,
    PlaybackFinished,
    Replaced,
    StasisStart,
    endpoint_in,
    parse,
)

AT = "2026-11-22T05:50:47.179+0000"
WHEN = datetime(2026, 11, 22, 5, 50, 47, 179000, UTC)
CHANNEL = {"id": "c1", "state": "Up", "caller": {"name": "", "number": "84901"}}


def frame(kind: str, **values: object) -> dict[str, object]:
    return {"type": kind, "timestamp": AT, "application": "tongdai", "channel": CHANNEL, **values}


def test_failed_call_has_sip_status_and_one_that_ended_has_none() -> None:
    busy = frame("ChannelDestroyed", cause=17, cause_txt="User busy", tech_cause=486)
    assert parse(busy) == ChannelDestroyed("c1", 17, 486, WHEN)
    assert parse(frame("ChannelDestroyed", cause=0, cause_txt="Unknown")) == ChannelDestroyed("c1", 0, None, WHEN)


def test_dial_is_of_the_channel_that_is_called() -> None:
    assert parse(frame("Dial", peer={"id": "c2"}, dialstatus="")) == Dial("c2", "", WHEN)


def test_start_carries_arguments() -> None:
    assert parse(frame("StasisStart", args=["amd", "HUMAN"])) == StasisStart(
        "c1", ("amd", "HUMAN"), WHEN, state="Up", caller="84901"
    )


def test_call_that_comes_in_tells_its_trunk_and_caller_and_what_it_replaces() -> None:
    channel = {"id": "17.1", "name": "PJSIP/my-trunk-0000001a", "state": "Ring", "caller": {"number": "0901"}}
    started = parse(frame("StasisStart", args=["inbound", "1900"], channel=channel, replace_channel={"id": "17.0"}))
    assert isinstance(started, StasisStart)
    assert (started.endpoint, started.state, started.caller, started.replaces) == ("my-trunk", "Ring", "0901", "17.0")


@pytest.mark.parametrize(
    ("name", "endpoint"), [("PJSIP/agent1-00000000", "agent1"), ("Snoop/17.1-00000001", ""), ("", ""), ("PJSIP/x", "")]
)
def test_endpoint_is_read_from_the_name_of_a_channel(name: str, endpoint: str) -> None:
    assert endpoint_in(name) == endpoint


def test_keys_and_hold_are_of_a_channel() -> None:
    assert parse(frame("ChannelDtmfReceived", digit="#", duration_ms=90)) == ChannelDtmfReceived("c1", "#", WHEN)
    assert parse(frame("ChannelHold", musicclass="x")) == ChannelHold("c1", WHEN)
    assert parse(frame("ChannelUnhold")) == ChannelUnhold("c1", WHEN)


def test_state_of_a_phone_is_of_no_channel() -> None:
    changed = frame("DeviceStateChanged", device_state={"name": "PJSIP/agent1", "state": "INUSE"})
    assert parse(changed) == DeviceStateChanged("agent1", "INUSE", WHEN)
    assert parse(frame("DeviceStateChanged", device_state={"name": "Stasis:x", "state": "INUSE"})) is None


@pytest.mark.parametrize(("target", "channel_id"), [("channel:c1", "c1"), ("bridge:b1", None)])
@pytest.mark.parametrize(("state", "done"), [("done", True), ("failed", False)])
def test_playback_tells_where_and_whether_it_was_heard(
    target: str, channel_id: str | None, state: str, done: bool
) -> None:
    played = frame("PlaybackFinished", playback={"id": "p1", "target_uri": target, "state": state})
    assert parse(played) == PlaybackFinished("p1", channel_id, done, WHEN)


def test_loss_of_the_application_needs_nothing_but_its_type() -> None:
    assert parse({"type": "ApplicationReplaced"}) == Replaced()


@pytest.mark.parametrize(
    "broken",
    [
        None, [], "x", 7, {}, {"type": None}, {"type": ["StasisStart"]}, {"type": "ChannelVarset"},
        frame("StasisStart"), frame("StasisStart", args="x"), frame("ChannelDestroyed"),
        frame("ChannelDestroyed", cause="16"), frame("ChannelDestroyed", cause=True),
        frame("ChannelDestroyed", cause=1.5), frame("ChannelDestroyed", cause=16, tech_cause="486"),
        frame("ChannelDestroyed", cause=16, channel=None), frame("ChannelDestroyed", cause=16, channel={"id": 7}),
        frame("ChannelDestroyed", cause=16, timestamp="yesterday"), frame("ChannelDestroyed", cause=16, timestamp=5),
        frame("ChannelDestroyed", cause=16, timestamp="2026-11-22T05:50:47"),
        frame("ChannelDestroyed", cause=16, timestamp="0001-01-01T00:00:00+2359"),
        frame("DeviceStateChanged"), frame("DeviceStateChanged", device_state={"name": "PJSIP/agent1"}),
        frame("ChannelDtmfReceived"), frame("ChannelDtmfReceived", digit=1), frame("ChannelHold", channel={}),
        frame("StasisStart", args=[], channel={"id": "c1", "name": 7}),
        frame("StasisStart", args=[], channel={"id": "c1", "caller": 7}),
        frame("StasisStart", args=[], replace_channel={}),
        frame("Dial", dialstatus="BUSY"), frame("PlaybackFinished", playback=[]),
    ],
)  # fmt: skip
def test_broken_frame_is_no_event(broken: object) -> None:
    assert parse(broken) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "channel",
    "peer",
    "bridge",
    "playback",
    "args",
    "cause",
    "tech_cause",
    "timestamp",
    "dialstatus",
    "id",
    "state",
    "name",
    "caller",
    "digit",
    "device_state",
    "replace_channel",
)


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(FIELDS), JSON | st.just(AT) | st.just(CHANNEL)))
def test_no_frame_raises(kind: str, values: dict[str, object]) -> None:
    event = parse({"type": kind, **values})
    assert event is None or type(event).__name__ in {*TYPES, "Replaced"}
