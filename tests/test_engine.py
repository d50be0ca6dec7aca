"""The whole run: every event in order, state that spills, and the example conversations."""

import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import engine as engine_module
from pipeline.edges.store import SpillingStore
from pipeline.engine import Engine
from pipeline.records import Event, FlagEvent, Profile, SignalEvent, TagEvent, Utterance
from pipeline.tagger import Earlier

EXAMPLES = Path(__file__).parents[1] / "examples"


def read(name: str) -> list[Utterance]:
    decode = msgspec.json.Decoder(Utterance).decode
    return [decode(line) for line in (EXAMPLES / f"{name}.jsonl").read_bytes().splitlines()]


def run(utterances: list[Utterance], engine: Engine | None = None, size: int = 64) -> list[Event]:
    engine = engine or Engine.load()
    blocks = [utterances[i : i + size] for i in range(0, len(utterances), size)]
    return [e for block in blocks for events in engine.run(block) for e in events]


def flags(events: list[Event]) -> set[tuple[str, str, str]]:
    return {(e.customer_id, e.flag, e.state) for e in events if isinstance(e, FlagEvent)}


def test_the_keen_caller_is_highly_motivated_and_no_troublemaker() -> None:
    raised = flags(run(read("call-tutoring")))
    assert ("dc01-c", "high_motivation", "raised") in raised
    assert not [f for f in raised if f[1] in ("troublemaker", "non_target")]


def test_the_member_who_turned_the_group_is_named_with_impact_and_nobody_else() -> None:
    events = run(read("group-fruit"))
    assert {e.customer_id for e in events if isinstance(e, SignalEvent) and e.signal == "mood_turn"} == {"dg01-dahai"}
    troublemakers = [e for e in events if isinstance(e, FlagEvent) and e.flag == "troublemaker"]
    assert {e.customer_id for e in troublemakers} == {"dg01-dahai"}
    impact = [e.impact for e in troublemakers if e.impact][-1]
    assert impact.after < impact.before
    assert "dg01-dahai" not in impact.members
    assert impact.members


def test_every_reason_of_a_flag_is_an_event_that_was_told() -> None:
    told: set[str] = set()
    for event in run(read("group-fruit") + read("call-tutoring") + read("chat-ielts")):
        if isinstance(event, TagEvent):
            told.add(event.tag_id)
        elif isinstance(event, SignalEvent):
            told.add(event.signal_id)
        elif isinstance(event, FlagEvent):
            assert set(event.because) <= told


def standing(engine: Engine) -> list[Profile]:
    return list(engine.profiles())


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_conversations_shuffled_against_each_other_and_delivered_twice_give_the_same_profiles(
    rng: random.Random,
) -> None:
    straight = Engine.load()
    conversations = [read("group-fruit"), read("call-tutoring"), read("chat-ielts")]
    run([u for c in conversations for u in c], straight)
    mixed: list[Utterance] = []
    queues = [list(c) for c in conversations]
    while any(queues):
        queue = rng.choice([q for q in queues if q])
        mixed.append(queue.pop(0))
        if rng.random() < 0.3:
            mixed.append(mixed[-1])
    shuffled = Engine.load()
    run(mixed + mixed[-20:], shuffled, size=7)
    assert standing(shuffled) == standing(straight)


def test_a_revision_takes_back_the_tags_and_the_flags_that_rested_on_them() -> None:
    utterances = read("call-tutoring")
    engine = Engine.load()
    before = run(utterances, engine)
    tagged = {e.utterance_id for e in before if isinstance(e, TagEvent)}
    revised = [
        msgspec.structs.replace(u, text="嗯", revision=1, at=u.at + timedelta(days=1))
        for u in utterances
        if u.utterance_id in tagged
    ]
    after = run(revised, engine)
    assert ("dc01-c", "high_motivation", "cleared") in flags(after)
    assert all(not p.flags for p in standing(engine))


def test_states_that_spill_to_disk_come_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTIVE_CONVERSATIONS", "ACTIVE_GROUPS", "ACTIVE_CUSTOMERS"):
        monkeypatch.setattr(engine_module, name, 1)
    spilling = Engine.load()
    monkeypatch.undo()
    roomy = Engine.load()
    mixed = [u for t in zip(read("group-fruit"), read("call-tutoring"), strict=False) for u in t]
    assert run(mixed, spilling, size=3) == run(mixed, roomy, size=3)
    assert standing(spilling) == standing(roomy)


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 9)), max_size=60), st.integers(1, 5))
def test_a_spilling_store_is_a_dictionary(changes: list[tuple[str, int]], most: int) -> None:
    store = SpillingStore(Earlier, most)
    plain: dict[str, int] = {}
    for key, value in changes:
        state = store.get(key)
        assert (None if state is None else state.revision) == plain.get(key)
        if state is None:
            store[key] = Earlier(value, ())
        else:
            state.revision = value
        plain[key] = value
        store.trim()
    expected = [plain[k] for k in sorted(plain, key=lambda k: k.encode("utf-8", "surrogatepass"))]
    assert [s.revision for s in store.values()] == expected
