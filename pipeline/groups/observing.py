"""``observe``: one more message of a group; the signals that follow from it."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.groups.policy import GroupPolicy
from pipeline.groups.reading import read
from pipeline.groups.repeats import CopyPasteIndex, repeats
from pipeline.groups.state import INCITES, GroupState, Message
from pipeline.groups.turning import GroupEvent, turns
from pipeline.records import Utterance


def observe(
    policy: GroupPolicy,
    state: GroupState,
    utterance: Utterance,
    tags: Collection[str],
    text: str,
    copies: CopyPasteIndex | None = None,
) -> list[GroupEvent]:
    """``state`` is changed in place. ``tags`` are those that hold now: a message that comes again replaces what it said
    before. ``text`` is normalised. Staff are never judged."""
    if utterance.role != "customer" or utterance.customer_id is None:
        return []
    message = read(policy, state, utterance, tags, text)
    old = state.messages.get(utterance.utterance_id)
    if old is None:
        if message.at < state.clock - policy.span:
            return []
    else:
        message.to = old.to  # what it answered may have left the window since
        if message == old or message.member != old.member:
            return []
    _keep(policy, state, utterance.utterance_id, message, old)
    events: list[GroupEvent] = []
    if old is None and message.print:
        events += repeats(policy.repeats, state, utterance, message)
        if copies is not None:
            events += copies.observe(policy.repeats, policy.span, utterance, message)
    events += turns(policy.turn, state, utterance, message, old)
    return events


def _keep(policy: GroupPolicy, state: GroupState, id_: str, message: Message, old: Message | None) -> None:
    messages = state.messages
    messages[id_] = message
    if old is None:
        state.members.setdefault(message.member, []).append(id_)
    elif old.kind & INCITES:
        _incites_less(state, old.member)
    if message.kind & INCITES:
        state.inciters[message.member] = state.inciters.get(message.member, 0) + 1
    state.clock = max(state.clock, message.at)
    oldest = state.clock - policy.span
    while True:
        first = next(iter(messages))
        if len(messages) <= policy.messages and messages[first].at >= oldest:
            break
        _forget(state, first, messages[first])
    if state.turns and state.turns[0].last < oldest:
        del state.turns[0]


def _forget(state: GroupState, id_: str, message: Message) -> None:
    del state.messages[id_]
    ids = state.members[message.member]
    ids.remove(id_)
    if not ids:
        del state.members[message.member]
        state.told.pop(f"flooding/{message.member}", None)
        state.told.pop(f"copy_paste/{message.member}", None)
    if message.kind & INCITES:
        _incites_less(state, message.member)


def _incites_less(state: GroupState, member: str) -> None:
    left = state.inciters[member] - 1
    if left:
        state.inciters[member] = left
    else:
        del state.inciters[member]
