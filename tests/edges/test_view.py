"""What people see of a conversation: marks on the right characters, reasons in words, a terminal left in peace."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rich.cells import cell_len

from pipeline import view
from pipeline.records import Event, Evidence, FlagEvent, Impact, RetractEvent, SignalEvent, TagEvent, Utterance
from pipeline.view import View

AT = datetime(2026, 3, 2, 10, 0, 12, tzinfo=timezone(timedelta(hours=8)))
NAMES = {"budget": "有明确预算", "need": "明确需求"}


def said(text: str, number: int = 1, **changes: Any) -> Utterance:
    fields: dict[str, Any] = {
        "utterance_id": f"edu-{number}",
        "conversation_id": "edu",
        "channel": "call",
        "speaker_id": "c1",
        "role": "customer",
        "customer_id": "c1",
        "at": AT,
    }
    return Utterance(text=text, **{**fields, **changes})


def tag(u: Utterance, name: str, *spans: str) -> TagEvent:
    evidence = tuple(Evidence(u.text.index(s), u.text.index(s) + len(s), s, "rule:x") for s in spans)
    return TagEvent(
        f"{u.utterance_id}/{name}", "c1", "edu", u.utterance_id, "call", name, "motivation", 0.9, 0, AT, evidence, ()
    )


def flag(*because: str, **changes: Any) -> FlagEvent:
    fields: dict[str, Any] = {
        "flag_id": "f",
        "customer_id": "c1",
        "flag": "high_motivation",
        "state": "raised",
        "score": 7.5,
        "because": because,
        "conversation_id": "edu",
        "at": AT,
    }
    return FlagEvent(**{**fields, **changes})


def shown(*turns: tuple[Utterance, list[Event]], colour: bool = False) -> list[str]:
    written: list[bytes] = []
    View(written.append, NAMES, colour).show([u for u, _ in turns], [e for _, e in turns])
    return b"".join(written).decode().splitlines()


def test_evidence_is_marked_where_it_stands_and_the_tags_follow_by_both_names() -> None:
    u = said("嗯 我们有五十万预算")
    line = shown((u, [tag(u, "budget", "五十万预算")]))[1]
    assert "嗯 我们有【五十万预算】  ‹有明确预算 budget›" in line


def test_spans_that_overlap_become_one_mark_and_others_stay_apart() -> None:
    u = said("很需要这个，预算批了")
    line = shown((u, [tag(u, "need", "很需要", "需要这个"), tag(u, "budget", "批了")]))[1]
    assert "【很需要这个】，预算【批了】" in line


def test_on_a_colour_terminal_the_marks_are_colours_and_the_text_is_the_same() -> None:
    u = said("我们有五十万预算")
    line = shown((u, [tag(u, "budget", "五十万")]), colour=True)[1]
    assert "【" not in line
    assert "我们有\x1b[1;33m五十万\x1b[0m预算" in line
    assert "我们有五十万预算  ‹有明确预算 budget›" in re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_without_colour_there_is_no_escape_at_all() -> None:
    u = said("预算批了")
    assert "\x1b" not in "\n".join(shown((u, [tag(u, "budget", "批了"), flag("edu-1/budget")])))


def test_a_text_cannot_steer_the_terminal_and_the_marks_stay_on_their_characters() -> None:
    u = said("\x1b[2J\u202e预算\n批了\x9b0m\x00", speaker_id="c\x1b1", conversation_id="e\ndu")
    out = "\n".join(shown((u, [tag(u, "budget", "批了")])))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert len(out.splitlines()) == 2
    assert "预算⏎【批了】" in out


def test_texts_start_in_one_column_whoever_speaks() -> None:
    who = ["c1", "张三丰", "a-very-long-speaker-id-indeed", "🙂店长"]
    lines = shown(*((said("文本", n, speaker_id=w, role="agent"), []) for n, w in enumerate(who)))[1:]
    assert len({cell_len(line[: line.index("文本")]) for line in lines}) == 1


def test_a_flag_names_its_reasons_in_the_customers_words() -> None:
    first, second = said("我们很需要", 1), said("预算批了", 2)
    lines = shown(
        (first, [tag(first, "need", "很需要")]),
        (second, [tag(second, "budget", "预算批了"), flag("edu-2/budget", "edu-1/need", expires_at=AT)]),
    )
    assert lines[-2].strip() == "▲ 升起 高意向 high_motivation  c1  7.5 分  至 2026-03-02 10:00"
    assert lines[-1].strip() == "因为: 预算批了（有明确预算 budget）；很需要（明确需求 need）"


def test_a_cleared_flag_is_shown_as_cleared() -> None:
    assert "▽ 解除 高意向 high_motivation" in shown((said("不要了"), [flag("x/no_need", state="cleared")]))[2]


def test_a_reason_that_is_long_gone_is_named_by_its_utterance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "REMEMBERED", 2)
    turns: list[tuple[Utterance, list[Event]]] = []
    for n in range(3):
        u = said("很需要", n)
        turns.append((u, [tag(u, "need", "很需要")]))
    lines = shown(*turns, (said("嗯", 9), [flag("edu-0/need", "edu-2/need")]))
    assert lines[-1].strip() == "因为: 明确需求 need，见 edu-0；很需要（明确需求 need）"


def test_a_turned_mood_tells_from_where_to_where_and_who_was_carried_along() -> None:
    impact = Impact(0.31, -0.42, ("m1", "m2"))
    signal = SignalEvent("s1", "c1", "edu", "mood_turn", AT, ("edu-1",), impact)
    lines = shown((said("都别买"), [signal, flag("s1", flag="troublemaker", impact=impact)]))
    assert [line.strip() for line in lines[2:]] == [
        "◆ 带动群情绪  c1",
        "群情绪: +0.31 → -0.42，带动 2 人：m1、m2",
        "▲ 升起 捣乱者 troublemaker  c1  7.5 分",
        "因为: 带动群情绪（mood_turn）",
        "群情绪: +0.31 → -0.42，带动 2 人：m1、m2",
    ]


def test_a_retracted_tag_is_named_with_the_reason() -> None:
    u = said("预算批了")
    retract = RetractEvent("edu-1/budget", "c1", "edu", 1, "revised", AT)
    line = shown((u, [tag(u, "budget", "预算批了")]), (said("预祝", revision=1), [retract]))[-1]
    assert line.strip() == "✕ 收回 预算批了（有明确预算 budget）：revised"


def test_conversations_that_interleave_get_their_header_again() -> None:
    lines = shown(
        (said("一", 1), []), (said("二", 2, conversation_id="other", channel="group_chat"), []), (said("三", 3), [])
    )
    assert [line.split("  ")[0] for line in lines if line.startswith("──")] == [
        "── 通话 edu",
        "── 群聊 other",
        "── 通话 edu（续）",
    ]


def test_a_new_day_in_a_conversation_is_shown() -> None:
    assert shown((said("一"), []), (said("二", 2, at=AT + timedelta(days=1)), []))[2] == "── 2026-03-03"


def test_a_huge_text_is_cut_and_says_how_long_it_was() -> None:
    u = said("预算" * 500_000 + "很需要")
    line = shown((u, [tag(u, "budget", "预算"), tag(u, "need", "很需要")]))[1]
    assert len(line) < 2 * view.MAX_TEXT
    assert line.count("【") == 1, "what is not shown is not marked"
    assert "（共 1,000,003 字）" in line
