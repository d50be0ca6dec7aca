"""Tells a mood turn once, again when more members are carried along, and takes it back when its ground is gone."""

from __future__ import annotations

from pipeline.customers.moments import unpack
from pipeline.groups.judging import Run, Verdict, in_order, judge, runs
from pipeline.groups.policy import TurnRule
from pipeline.groups.state import AGREES, INCITES, GroupState, Message, Turn
from pipeline.records import Impact, RetractEvent, SignalEvent, Utterance

GroupEvent = SignalEvent | RetractEvent

_TURNS = 16
_BECAUSE = 5


def turns(
    rule: TurnRule, state: GroupState, utterance: Utterance, message: Message, old: Message | None
) -> list[GroupEvent]:
    """What ``message``, which is in ``state`` already and replaced ``old`` there, changes about who turned the mood."""
    if not _matters(rule, state, message, old):
        return []
    candidates = runs(rule, state)
    messages = in_order(state.messages.values()) if candidates else []
    events: list[GroupEvent] = []
    confirmed = set()
    for run in candidates:
        _goes_on(rule, state, run)
        if any(_covers(rule, turn, run) for turn in state.turns):
            continue
        verdict = judge(rule, messages, run)
        if verdict is not None:
            confirmed.add(run.member)
            events += _name(rule, state, utterance, verdict)
    if old is not None:
        events += _recheck(state, utterance, {old.member, message.member}, confirmed)
    return events


def _matters(rule: TurnRule, state: GroupState, message: Message, old: Message | None) -> bool:
    if old is not None:
        return _bears(old) or _bears(message)
    if not state.inciters or not _bears(message):
        return False
    if message.act:
        return True
    return not any(
        message.member in turn.members and turn.first <= message.at <= turn.last + rule.reach
        for turn in state.turns
        if not turn.withdrawn
    )


def _bears(message: Message) -> bool:
    return bool(message.act or message.follow or message.kind & AGREES)


def _covers(rule: TurnRule, turn: Turn, run: Run) -> bool:
    """The member of ``turn`` began first, and the run is within the reach of it."""
    return (
        not turn.withdrawn and turn.member != run.member and turn.first <= run.first and run.first - turn.last <= rule.reach
    )


def _meets(rule: TurnRule, turn: Turn, run: Run) -> bool:
    return not turn.withdrawn and turn.first - run.last <= rule.reach and run.first - turn.last <= rule.reach


def _goes_on(rule: TurnRule, state: GroupState, run: Run) -> None:
    """A member who was named disrupts on: whoever joins in now still comes second."""
    for turn in state.turns:
        if turn.member == run.member and _meets(rule, turn, run):
            turn.last = max(turn.last, run.last)


def _name(rule: TurnRule, state: GroupState, utterance: Utterance, verdict: Verdict) -> list[GroupEvent]:
    run = verdict.run
    events: list[GroupEvent] = []
    for turn in state.turns:
        if not _meets(rule, turn, run):
            continue
        if turn.member == run.member:
            return [*events, *_grow(rule, turn, utterance, verdict)]
        if run.first < turn.first:
            events.append(_withdraw(turn, utterance, "another member turned the mood before"))
    id_ = f"{utterance.conversation_id}/{run.member}/mood_turn/{run.acts[0].utterance_id}"
    if any(turn.signal_id == id_ for turn in state.turns):
        id_ = f"{id_}@{utterance.revision}"
    turn = Turn(id_, run.member, run.first, verdict.last, verdict.before, verdict.after, verdict.members, _because(run))
    state.turns.append(turn)
    del state.turns[:-_TURNS]
    return [*events, _event(turn, utterance)]


def _grow(rule: TurnRule, turn: Turn, utterance: Utterance, verdict: Verdict) -> list[GroupEvent]:
    """What has left the window is kept as it was told."""
    members = tuple(dict.fromkeys(turn.members + verdict.members))[: rule.members]
    grew = len(members) > len(turn.members)
    if verdict.run.first <= turn.first:
        turn.first = verdict.run.first
        turn.before = verdict.before
    turn.last = max(turn.last, verdict.last)
    if not grew:
        return []
    turn.members = members
    turn.after = verdict.after
    turn.because = _because(verdict.run)
    return [_event(turn, utterance)]


def _recheck(state: GroupState, utterance: Utterance, changed: set[str], confirmed: set[str]) -> list[GroupEvent]:
    """A revision may have taken back what a turn rested on. What has left the window in part stands as it was told."""
    return [
        _withdraw(turn, utterance, "the messages it rested on were revised")
        for turn in state.turns
        if not turn.withdrawn
        and turn.member not in confirmed
        and not changed.isdisjoint((turn.member, *turn.members))
        and any(state.messages[id_].at <= turn.first for id_ in state.members.get(turn.member, ()))
    ]


def _withdraw(turn: Turn, utterance: Utterance, reason: str) -> RetractEvent:
    turn.withdrawn = True
    return RetractEvent(
        tag_id=turn.signal_id,
        customer_id=turn.member,
        conversation_id=utterance.conversation_id,
        revision=utterance.revision,
        reason=reason,
        at=utterance.at,
    )


def _because(run: Run) -> tuple[str, ...]:
    """The acts that weigh most, as they were said."""
    gravest = sorted(run.acts, key=lambda act: (-(act.message.kind & INCITES), -act.message.act))[:_BECAUSE]
    return tuple(act.utterance_id for act in run.acts if act in gravest)


def _event(turn: Turn, utterance: Utterance) -> SignalEvent:
    return SignalEvent(
        signal_id=turn.signal_id,
        customer_id=turn.member,
        conversation_id=utterance.conversation_id,
        signal="mood_turn",
        at=unpack(turn.last),
        because=turn.because,
        impact=Impact(turn.before, turn.after, turn.members),
    )
