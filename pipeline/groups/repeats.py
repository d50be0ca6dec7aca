"""Flooding, and the same text pasted again: by one member in a group, and by one member across groups."""

from __future__ import annotations

from itertools import islice

import msgspec

from pipeline.customers.moments import unpack
from pipeline.groups.policy import RepeatRule
from pipeline.groups.prints import alike
from pipeline.groups.state import GroupState, Message
from pipeline.records import SignalEvent, Utterance

_COMPARED = 32
"""So many of a member's last messages are compared: a flooder must not make us slow."""
_BECAUSE = 5


def repeats(rule: RepeatRule, state: GroupState, utterance: Utterance, message: Message) -> list[SignalEvent]:
    """What the message, which is in ``state`` already, makes of the member's last ones."""
    ids = state.members[message.member][-_COMPARED:]
    if len(ids) < min(rule.copies, rule.flood_messages, rule.flood_repeats + 1):
        return []
    own = [(id_, state.messages[id_]) for id_ in ids]
    events = []
    burst = [(id_, other.print) for id_, other in own if abs(message.at - other.at) <= rule.flood_span]
    prints = [print_ for _, print_ in burst if print_]
    if len(burst) >= rule.flood_messages or len(prints) - len(set(prints)) >= rule.flood_repeats:
        events += _tell(rule, state, utterance, "flooding", message, [id_ for id_, _ in burst])
    if message.print > 0:
        same = [id_ for id_, other in own if other.print > 0 and alike(message.print, other.print, rule.likeness)]
        if len(same) >= rule.copies:
            events += _tell(rule, state, utterance, "copy_paste", message, same)
    return events


def _tell(
    rule: RepeatRule, state: GroupState, utterance: Utterance, signal: str, message: Message, ids: list[str]
) -> list[SignalEvent]:
    """Once, until there was a rest."""
    key = f"{signal}/{message.member}"
    before = state.told.get(key)
    state.told[key] = message.at if before is None else max(before, message.at)
    if before is not None and message.at - before <= rule.rest:
        return []
    return [
        SignalEvent(
            signal_id=f"{utterance.conversation_id}/{message.member}/{signal}/{ids[0]}",
            customer_id=message.member,
            conversation_id=utterance.conversation_id,
            signal="flooding" if signal == "flooding" else "copy_paste",
            at=unpack(message.at),
            because=tuple(ids[-_BECAUSE:]),
        )
    ]


class Copy(msgspec.Struct, array_like=True):
    at: int
    print: int
    group: str
    utterance_id: str


class CopyPasteIndex(msgspec.Struct, array_like=True):
    """The last texts of the members that wrote last, whatever the group. One for all groups; bounded in both."""

    members: dict[str, list[Copy]] = {}
    most_members: int = 10_000
    most_texts: int = 8

    def observe(self, rule: RepeatRule, span: int, utterance: Utterance, message: Message) -> list[SignalEvent]:
        """A text that one member has put into several groups is one signal, which grows with the groups."""
        if message.print <= 0:
            return []
        texts = self.members.pop(message.member, [])
        self.members[message.member] = texts
        groups = {utterance.conversation_id}
        for copy in texts:
            if copy.utterance_id == utterance.utterance_id:
                return []
            groups.add(copy.group)
        new = Copy(message.at, message.print, utterance.conversation_id, utterance.utterance_id)
        same = self._same(rule, span, new, texts) if len(groups) >= rule.groups else []
        texts.append(new)
        if len(texts) > self.most_texts:
            del texts[0]
        if len(self.members) > self.most_members:
            self._make_room()
        if any(copy.group == new.group for copy in same) or len({copy.group for copy in same}) + 1 < rule.groups:
            return []
        same.append(new)
        first = same[0]
        return [
            SignalEvent(
                signal_id=f"{first.group}/{message.member}/copy_paste/{first.utterance_id}",
                customer_id=message.member,
                conversation_id=first.group,
                signal="copy_paste",
                at=unpack(message.at),
                because=tuple(copy.utterance_id for copy in same[-_BECAUSE:]),
            )
        ]

    def _same(self, rule: RepeatRule, span: int, new: Copy, texts: list[Copy]) -> list[Copy]:
        return [copy for copy in texts if abs(new.at - copy.at) <= span and alike(new.print, copy.print, rule.likeness)]

    def _make_room(self) -> None:
        """By the tenth: to look for the first key of a dict that lost its first ones takes long."""
        for member in list(islice(self.members, 1 + self.most_members // 10)):
            del self.members[member]
