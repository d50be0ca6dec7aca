"""Hysteresis, expiry, bounds: what time and mass do to flags and state."""

from __future__ import annotations

from datetime import UTC, datetime, timezone

import msgspec
import pytest
from customer_events import POLICY, at, changes, contact, retract, run, said, tag
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customers import profile
from pipeline.customers.moments import pack, unpack


def test_a_flag_whose_time_is_up_is_cleared_with_the_next_event() -> None:
    told = run([*said("u1", "minor"), contact(200, conversation="v2")])[1]
    assert [(event.state, event.at) for event in told] == [("raised", at(0)), ("cleared", at(200))]
    assert told[0].expires_at == at(90)


def test_a_flag_lapses_and_is_judged_anew_by_what_is_said_next() -> None:
    told = run([*said("u1", "minor"), *said("u2", "minor", 91)])[1]
    assert [(event.state, event.at) for event in told] == [("raised", at(0)), ("cleared", at(91)), ("raised", at(91))]
    assert len({event.flag_id for event in told}) == 3
    assert told[2].expires_at == at(181)


def test_a_flag_that_stands_is_told_once() -> None:
    events = [e for i in range(50) for e in said(f"u{i}", "complaint need budget abuse negative", i / 500)]
    told = run(events)[1]
    assert len({(event.flag, event.state) for event in told}) == len(told)


def test_wavering_between_the_thresholds_does_not_flap() -> None:
    wavering = ["need budget", *("deferral", "wants_info wants_info", "urgency") * 10]
    told = changes([e for i, names in enumerate(wavering) for e in said(f"u{i}", names, i / 100)])
    assert told == ["+high_motivation"]


def test_events_carry_the_offset_they_came_with() -> None:
    event = run(said("u1", "need budget"))[1][0]
    assert event.flag_id == "c1/high_motivation/2026-03-02T10:00:12+08:00"
    assert msgspec.json.decode(msgspec.json.encode(event))["expires_at"] == "2026-04-01T10:00:12+08:00"


def test_the_profile_has_what_was_told() -> None:
    state, told = run([*said("u1", "need"), *said("u2", "budget", 1), contact(2)])
    found = profile(POLICY, state)
    (flag,) = found.flags
    assert (flag.flag_id, flag.because, flag.expires_at) == (told[0].flag_id, told[0].because, told[0].expires_at)
    assert set(flag.because) == {"u1/need", "u2/budget"}
    assert (found.first_seen, found.last_seen, found.contacts) == (at(0), at(2), 1)
    assert 0 < found.scores["high_motivation"] < 5


def test_a_retraction_alone_makes_no_flags_and_a_profile_all_the_same() -> None:
    found = profile(POLICY, run([retract("u1", "need", 3)])[0])
    assert (found.flags, found.tag_counts, found.last_seen) == ((), {}, at(3))


@pytest.mark.parametrize("days", [0.0, 1e-4, 0.5])
def test_the_state_stays_bounded_over_100_000_events(days: float) -> None:
    names = ("abuse", "need", "complaint", "competitor", "positive")
    count = 100_000 if days == 1e-4 else 10_000
    state, _ = run(tag(f"u{i}", names[i % 5], i * days, conversation=f"v{i}") for i in range(count))
    assert len(msgspec.msgpack.encode(state)) < 10_000
    if days:
        assert sum(profile(POLICY, state).tag_counts.values()) == count


def test_what_is_summed_up_neither_comes_back_nor_counts_twice() -> None:
    events = [tag(f"u{i}", "wants_info", i / 10) for i in range(1000)]
    state, _ = run(events)
    before = profile(POLICY, state)
    state, told = run([*events[:500], retract("u3", "wants_info", 0.3)], state)
    assert told == []
    assert profile(POLICY, state) == before


def test_contacts_stay_bounded_and_counted() -> None:
    state, _ = run([contact(i, conversation=f"v{i}") for i in range(1000)])
    assert (len(state.contacts) <= 64, profile(POLICY, state).contacts) == (True, 1000)


@given(
    st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(3000, 1, 1)),
    st.integers(-56, 56),
    st.integers(1, 10**9),
)
def test_moments_keep_instant_and_offset_and_sort_by_instant(naive: datetime, quarters: int, more: int) -> None:
    from datetime import timedelta

    zone = timezone(timedelta(minutes=15 * quarters))
    moment = naive.replace(tzinfo=zone)
    assert unpack(pack(moment)) == moment
    assert unpack(pack(moment)).utcoffset() == moment.utcoffset()
    assert pack(moment) < pack((moment + timedelta(microseconds=more)).astimezone(UTC))


def test_times_beyond_all_reason_are_no_error() -> None:
    for year in (1, 9999):
        state, _ = run([msgspec.structs.replace(tag("u1", "need"), at=datetime(year, 6, 1, tzinfo=UTC))])
        msgspec.msgpack.encode(state)
        profile(POLICY, state)
