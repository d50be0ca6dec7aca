"""Short ways to write a group's conversation: ``"10:05 anna: text | tag tag"``, staff as ``"10:05 *may: text"``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.groups import CopyPasteIndex, GroupEvent, GroupPolicy, GroupState, load_policy, observe
from pipeline.records import Impact, SignalEvent, Utterance

RULES = Path(__file__).parents[2] / "rules"
POLICY: GroupPolicy = load_policy(RULES)
DAY = datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=8)))
_LINE = re.compile("(\\d+):(\\d+)(?::(\\d+))? (\\*?)(\\w+)(?: >(\\w+))?: (.*?)(?: \\| ?(.*))?")


class Said(NamedTuple):
    utterance: Utterance
    tags: list[str]

    def again(self, revision: int, *tags: str) -> Said:
        return Said(msgspec.structs.replace(self.utterance, revision=revision), list(tags))


def talk(lines: str, ids: str = "u", group: str = "g1") -> list[Said]:
    """One message a line; ``>u3`` after the name answers the third. ``utterance_id`` counts the lines: u1, u2 …"""
    found = []
    for number, line in enumerate(filter(None, map(str.strip, lines.splitlines())), start=1):
        match = _LINE.fullmatch(line)
        assert match, line
        hour, minute, second, staff, who, to, text, tags = match.groups()
        at = DAY + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
        utterance = Utterance(
            utterance_id=f"{ids}{number}",
            conversation_id=group,
            channel="group_chat",
            speaker_id=who,
            role="agent" if staff else "customer",
            at=at,
            text=text,
            customer_id=None if staff else who,
            reply_to=to,
        )
        found.append(Said(utterance, (tags or "").split()))
    return found


def hear(
    said: Iterable[Said],
    state: GroupState | None = None,
    copies: CopyPasteIndex | None = None,
    policy: GroupPolicy = POLICY,
) -> list[GroupEvent]:
    state = GroupState() if state is None else state
    return [
        event
        for utterance, tags in said
        for event in observe(policy, state, utterance, tags, utterance.text.lower(), copies)
    ]


def signals(events: Sequence[GroupEvent], signal: str) -> list[SignalEvent]:
    """Those that stand in the end: a later one of the same id replaces, a retraction takes back."""
    standing: dict[str, SignalEvent] = {}
    for event in events:
        if not isinstance(event, SignalEvent):
            standing.pop(event.tag_id, None)
        elif event.signal == signal:
            standing[event.signal_id] = event
    return list(standing.values())


def instigators(events: Sequence[GroupEvent]) -> set[str]:
    return {event.customer_id for event in signals(events, "mood_turn")}


def impact(events: Sequence[GroupEvent]) -> Impact:
    (turn,) = signals(events, "mood_turn")
    assert turn.impact is not None
    return turn.impact
