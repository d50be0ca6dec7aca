"""The tagging step: evidence, contacts, context, repetition and revision."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.loading import load_tagger
from pipeline.records import ContactEvent, RetractEvent, TagEvent, Utterance
from pipeline.tagger import Conversation, Tagged, Tagger

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger()


def say(text: str, n: int = 0, role: str = "customer", **more: Any) -> Utterance:
    fields: dict[str, Any] = {
        "utterance_id": f"u{n}",
        "conversation_id": "c",
        "channel": "chat",
        "speaker_id": role,
        "role": role,
        "at": START + timedelta(seconds=n),
        "text": text,
        "customer_id": "lin",
    }
    return Utterance(**fields | more)


def run(tagger: Tagger, *utterances: Utterance) -> list[Tagged]:
    return tagger.tag_block({}, utterances)


TEXTS = [
    "我们有明确预算，五千以内",
    "我不太需要，别再打了",
    "太差了！！！我要投诉你们",
    "想了解一下ＡＰＰ怎么收費",
    "加 v 信 便宜出号",
    "申请退款\u200b可以吗",
    "好的谢谢",
    "预祘三万 这周就要",
]


def test_evidence_quotes_the_original_text(tagger: Tagger) -> None:
    for channel in ("call", "chat", "group_chat"):
        for n, text in enumerate(TEXTS):
            for event in run(tagger, say(text, n, channel=channel))[0].events:
                if isinstance(event, TagEvent):
                    assert event.evidence
                    assert all(text[e.start : e.end] == e.text != "" for e in event.evidence)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="我不太需要預算五千退款投诉垃圾加v信 ，。！？\u200b１２ａ[捂脸]😀\ud800\n", max_size=30))
def test_evidence_quotes_the_original_text_whatever_it_is(tagger: Tagger, text: str) -> None:
    for event in run(tagger, say(text))[0].events:
        if isinstance(event, TagEvent):
            assert all(text[e.start : e.end] == e.text != "" for e in event.evidence)
            assert event.tag_id == f"u0/{event.tag}"


def test_a_denied_need_is_no_need(tagger: Tagger) -> None:
    assert "need" not in run(tagger, say("我不太需要"))[0].tags
    assert "budget" not in run(tagger, say("没有明确预算"))[0].tags


def test_an_agent_earns_the_customer_no_tag_but_a_contact(tagger: Tagger) -> None:
    [tagged] = run(tagger, say("我们有明确预算", role="agent"))
    [contact] = tagged.events
    assert isinstance(contact, ContactEvent)
    assert (contact.first_by, contact.spoke) == ("agent", False)


def test_a_contact_is_told_once_and_once_more_when_the_customer_speaks(tagger: Tagger) -> None:
    talk = [say("您好", 0, "agent"), say("在吗", 1, "agent"), say("在", 2), say("在的", 3)]
    contacts = [e for t in run(tagger, *talk) for e in t.events if isinstance(e, ContactEvent)]
    assert [(c.contact_id, c.spoke) for c in contacts] == [("c/lin", False), ("c/lin", True)]


def test_a_short_answer_takes_its_meaning_from_the_question(tagger: Tagger) -> None:
    asked = run(tagger, say("您预算大概多少？", 0, "agent"), say("五千吧", 1))[1]
    alone = run(tagger, say("您贵姓？", 0, "agent"), say("五千吧", 1))[1]
    assert "budget" in asked.tags
    assert "budget" not in alone.tags


def test_the_same_utterance_again_says_nothing(tagger: Tagger) -> None:
    first, again = run(tagger, say("我们有明确预算"), say("我们有明确预算"))
    assert first.tags
    assert again.events == []


def test_a_revision_retracts_what_no_longer_holds(tagger: Tagger) -> None:
    first, revised = run(tagger, say("我们有明确预算"), say("好的", revision=1))
    retracts = [e for e in revised.events if isinstance(e, RetractEvent)]
    assert {r.tag_id for r in retracts} == {f"u0/{t}" for t in first.tags}
    assert {r.revision for r in retracts} == {1}


def test_a_lower_revision_comes_too_late(tagger: Tagger) -> None:
    revised, late = run(tagger, say("好的", revision=2), say("我们有明确预算", revision=1))
    assert revised.tags == []
    assert late.events == []


def test_a_revision_keeps_what_still_holds_under_the_same_id(tagger: Tagger) -> None:
    first, revised = run(tagger, say("我们有明确预算"), say("我们有明确的预算", revision=1))
    assert "budget" in first.tags
    kept = [e for e in revised.events if isinstance(e, TagEvent) and e.tag == "budget"]
    assert [(e.tag_id, e.revision) for e in kept] == [("u0/budget", 1)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.booleans()), min_size=1, max_size=10), st.integers(1, 9))
def test_how_the_stream_is_cut_changes_nothing(tagger: Tagger, talk: list[tuple[str, bool]], cut: int) -> None:
    block = [say(text, n, "agent" if agent else "customer") for n, (text, agent) in enumerate(talk)]
    states: dict[str, Conversation] = {}
    parts = tagger.tag_block(states, block[:cut]) + tagger.tag_block(states, block[cut:])
    assert [t.events for t in parts] == [t.events for t in run(tagger, *block)]


def test_a_revision_that_turns_out_to_be_the_agents_takes_the_tags_back(tagger: Tagger) -> None:
    first, revised = run(tagger, say("我们有明确预算"), say("我们有明确预算", role="agent", revision=1))
    assert first.tags
    assert {r.tag_id for r in revised.events if isinstance(r, RetractEvent)} == {f"u0/{t}" for t in first.tags}
    assert revised.tags == []


def test_a_revision_that_names_another_customer_takes_the_tags_from_the_first(tagger: Tagger) -> None:
    first, revised = run(tagger, say("我们有明确预算"), say("我们有明确预算", customer_id="wang", revision=1))
    retracts = [e for e in revised.events if isinstance(e, RetractEvent)]
    assert {(r.tag_id, r.customer_id) for r in retracts} == {(f"u0/{t}", "lin") for t in first.tags}
    assert {e.customer_id for e in revised.events if isinstance(e, TagEvent)} == {"wang"}
