"""Flags follow from the set of events and the time: no order, no repetition, no restart makes a difference."""

from __future__ import annotations

import random
from itertools import permutations

import msgspec
from customer_events import POLICY, contact, mood_turn, retract, run, said, tag
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.customers import CustomerState, fold, profile
from pipeline.records import CustomerEvent, FlagEvent, Profile

NAMES = ("need", "budget", "purchase_signal", "no_need", "deferral", "complaint", "negative", "refund", "positive")
MORE = ("abuse", "incitement", "spam_ad", "minor", "competitor", "wants_info")
UNITS = [f"u{i}" for i in range(8)]
# Each utterance has its own time (equal ids are the same event), some of them the same.
DAYS = dict(zip(UNITS, (0, 0, 0.01, 1, 1, 9, 31, 70), strict=True))

_units = st.sampled_from(UNITS)
_names = st.sampled_from(NAMES + MORE)
_revisions = st.integers(0, 2)
_events: st.SearchStrategy[CustomerEvent] = st.one_of(
    st.builds(lambda u, n, r: tag(u, n, DAYS[u], revision=r), _units, _names, _revisions),
    st.builds(lambda u, n, r, d: retract(u, n, DAYS[u] + d, revision=r), _units, _names, _revisions, st.integers(0, 3)),
    st.builds(lambda d, s: contact(d, conversation=f"v{d}", spoke=s), st.integers(0, 80), st.booleans()),
    st.builds(
        lambda d, m: mood_turn(d, conversation=f"g{d % 5}", members=tuple(f"m{i}" for i in range(m))),
        st.integers(0, 40),
        st.integers(1, 3),
    ),
    st.builds(lambda d: retract(f"g{d % 5}/c1/mood_turn", "u1", d), st.integers(0, 40)),
)


def at_end(events: list[CustomerEvent]) -> Profile:
    return profile(POLICY, run(events)[0])


@settings(max_examples=300, deadline=None)
@given(st.lists(_events, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_profile(events: list[CustomerEvent], rng: random.Random) -> None:
    shuffled = events + rng.choices(events, k=len(events))
    rng.shuffle(shuffled)
    in_time = sorted(events, key=lambda event: event.at)
    assert at_end(shuffled) == at_end(events) == at_end(in_time)


@settings(max_examples=200, deadline=None)
@given(st.lists(_events, min_size=1, max_size=25), st.data())
def test_saving_and_loading_at_any_point_changes_no_output(events: list[CustomerEvent], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(events)))
    state, told = run(events)
    first, told_first = run(events[:cut])
    saved = msgspec.msgpack.encode(first)
    loaded = msgspec.msgpack.decode(saved, type=CustomerState)
    if cut == len(events):
        assert msgspec.msgpack.encode(loaded) == saved
        assert profile(POLICY, loaded) == profile(POLICY, state)
        return
    resumed, told_rest = run(events[cut:], loaded)
    assert told_first + told_rest == told
    assert msgspec.msgpack.encode(resumed) == msgspec.msgpack.encode(state)


@settings(max_examples=300, deadline=None)
@given(st.lists(_events, min_size=1, max_size=30))
def test_what_was_told_is_what_stands(events: list[CustomerEvent]) -> None:
    state: CustomerState | None = None
    told: dict[str, FlagEvent] = {}
    ids: list[str] = []
    last = None
    for event in events:
        state, more = fold(POLICY, state, event)
        for change in more:
            ids.append(change.flag_id)
            before = told.get(change.flag)
            stood = before is not None and before.state == "raised"
            assert stood == (change.state == "cleared") or change.impact is not None
            assert last is None or last <= change.at
            last = change.at
            told[change.flag] = change
        assert {name for name, change in told.items() if change.state == "raised"} == {
            flag.flag for flag in profile(POLICY, state).flags
        }
    assert len(ids) == len(set(ids))


@settings(max_examples=200, deadline=None)
@given(st.lists(_events, min_size=1, max_size=20), _units, _names)
def test_a_tag_and_its_retraction_leave_the_flags_as_if_neither_had_been(
    events: list[CustomerEvent], unit: str, name: str
) -> None:
    both: list[CustomerEvent] = [
        tag(unit, name, DAYS[unit], revision=2),
        retract(unit, name, DAYS[unit], revision=2),
    ]
    others = [event for event in events if getattr(event, "tag_id", None) != f"{unit}/{name}"]
    witness = [contact(DAYS[unit], conversation="w")]
    without = at_end(others + witness)
    for taken in permutations(both):
        with_both = at_end([*taken, *others, *witness])
        assert with_both.flags == without.flags
        assert with_both.tag_counts == without.tag_counts
        assert {k: v for k, v in with_both.scores.items() if v} == {k: v for k, v in without.scores.items() if v}


def test_a_retraction_takes_the_consequence_back_and_says_why() -> None:
    told = run([*said("u1", "need"), *said("u2", "budget", 0.1), retract("u2", "budget", 2)])[1]
    assert [(event.flag, event.state) for event in told] == [
        ("high_motivation", "raised"),
        ("high_motivation", "cleared"),
    ]
    assert told[1].because == ("u2/budget",)


def test_taking_back_all_there_was_clears_the_flag() -> None:
    assert [event.state for event in run([*said("u1", "minor"), retract("u1", "minor")])[1]] == ["raised", "cleared"]


def test_a_retraction_that_arrives_before_its_tag_holds() -> None:
    assert run([*said("u1", "need"), retract("u2", "budget", 2), *said("u2", "budget", 0.1)])[1] == []


def test_the_higher_revision_wins_whichever_arrives_first() -> None:
    need = said("u1", "need")
    revised = [
        tag("u2", "budget", 0.1),
        retract("u2", "budget", 0.1, revision=1),
        tag("u2", "budget", 0.1, revision=2),
    ]
    for order in permutations(revised):
        assert [flag.flag for flag in at_end([*need, *order]).flags] == ["high_motivation"]


def test_a_late_event_is_judged_at_its_own_time() -> None:
    early, late = said("u1", "no_need", 0), said("u2", "need budget purchase_signal", 2)
    assert [flag.flag for flag in at_end([*early, *late]).flags] == [flag.flag for flag in at_end([*late, *early]).flags]
    grievance, thanks = said("u1", "complaint negative"), said("u2", "positive", 1)
    assert at_end([*thanks, *grievance]).flags == ()


def test_tag_counts_count_each_tag_once() -> None:
    events = [*said("u1", "competitor need"), *said("u2", "need"), *said("u1", "competitor need")]
    assert at_end(events).tag_counts == {"competitor": 1, "need": 2}


def test_a_contact_counts_once_and_speaking_replaces_silence() -> None:
    events = [contact(spoke=False), contact(0.1), contact(spoke=False), contact(1, conversation="v2", spoke=False)]
    assert (at_end(events).contacts, at_end(events).contacts_spoken) == (2, 1)
