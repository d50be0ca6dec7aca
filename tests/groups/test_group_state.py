"""A group's state: saved and loaded, fed twice, fed out of order, fed for a day."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
from group_talk import DAY, POLICY, Said, hear, instigators, signals
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mood_turn import TURNED

from pipeline.groups import CopyPasteIndex, GroupEvent, GroupState
from pipeline.records import Utterance

TAGS = [
    [],
    [],
    [],
    ["negative", "incitement"],
    ["complaint", "negative"],
    ["positive"],
    ["refund"],
    ["abuse", "negative"],
]
TEXTS = [
    "大家都别买了",
    "在吗",
    "加我微信领取餐单 名额有限",
    "说得对",
    "你什么意思",
    "",
    "\ud83c 坏掉的字符在这里也不要紧",
]


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    seconds = 0
    said = []
    for number in range(draw(st.integers(1, 40))):
        seconds += draw(st.sampled_from([0, 1, 20, 300, 5000, 90_000]))
        said.append(
            message(number, draw(st.integers(0, 5)), seconds, draw(st.sampled_from(TEXTS)), draw(st.sampled_from(TAGS)))
        )
        if draw(st.integers(0, 9)) == 0:
            said.append(draw(st.sampled_from(said)).again(1, *draw(st.sampled_from(TAGS))))
    return said


def message(number: int, member: int, seconds: float, text: str, tags: list[str]) -> Said:
    return Said(
        Utterance(
            utterance_id=f"u{number}",
            conversation_id="g1",
            channel="group_chat",
            speaker_id=f"m{member}",
            role="agent" if member == 0 else "customer",
            at=DAY + timedelta(seconds=seconds),
            text=text,
            customer_id=f"m{member}" if member else None,
        ),
        tags,
    )


@settings(max_examples=80, deadline=None)
@given(conversations(), st.data())
def test_saved_and_loaded_anywhere_it_goes_on_the_same(said: list[Said], data: st.DataObject) -> None:
    whole, copies = GroupState(), CopyPasteIndex()
    expected = hear(said, whole, copies)
    cut = data.draw(st.integers(0, len(said)))
    state, index = GroupState(), CopyPasteIndex()
    events = hear(said[:cut], state, index)
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=GroupState)
    index = msgspec.msgpack.decode(msgspec.msgpack.encode(index), type=CopyPasteIndex)
    assert events + hear(said[cut:], state, index) == expected
    assert state == whole


@settings(max_examples=80, deadline=None)
@given(conversations())
def test_a_message_that_comes_again_changes_nothing(said: list[Said]) -> None:
    state = GroupState()
    for each in said:
        hear([each], state)
        before = msgspec.msgpack.encode(state)
        assert hear([each], state) == []
        assert msgspec.msgpack.encode(state) == before


@settings(max_examples=80, deadline=None)
@given(conversations(), st.randoms())
def test_any_order_of_arrival_is_taken_and_names_only_members_who_incited(said: list[Said], order: random.Random) -> None:
    order.shuffle(said)
    inciters = {s.utterance.customer_id for s in said if "incitement" in s.tags}
    assert instigators(hear(said)) <= inciters


def test_messages_that_come_late_and_mixed_up_name_the_same_member_with_the_same_impact() -> None:
    (expected,) = signals(hear(TURNED), "mood_turn")
    for seed in range(50):
        said = list(TURNED)
        random.Random(seed).shuffle(said)
        (found,) = signals(hear(said), "mood_turn")
        assert found.customer_id == "eve"
        assert found.impact is not None
        assert expected.impact is not None
        assert set(found.impact.members) == set(expected.impact.members)


def test_what_comes_later_than_the_window_is_left_out() -> None:
    state = GroupState()
    hear([message(1, 1, 200_000, "在吗", [])], state)
    hear([message(2, 2, 0, "在吗", ["incitement"])], state)
    assert list(state.messages) == ["u1"]


def day(count: int, members: int) -> list[Said]:
    chance = random.Random(7)
    return [
        message(i, 1 + chance.randrange(members), i * 86_400 / count, chance.choice(TEXTS) + str(i), chance.choice(TAGS))
        if chance.random() < 0.3
        else message(i, 1 + chance.randrange(members), i * 86_400 / count, "在吗", [])
        for i in range(count)
    ]


def test_a_hundred_thousand_messages_of_a_day_keep_the_state_small() -> None:
    state = GroupState()
    sizes = []
    events: list[GroupEvent] = []
    said = day(100_000, 400)
    for start in range(0, len(said), 10_000):
        events += hear(said[start : start + 10_000], state)
        sizes.append(len(msgspec.msgpack.encode(state)))
    assert len(state.messages) == POLICY.messages
    assert sum(map(len, state.members.values())) == POLICY.messages
    assert max(sizes) < 40_000
    assert max(sizes[5:]) < 1.5 * max(sizes[:5])
