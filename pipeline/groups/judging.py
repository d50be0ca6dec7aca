"""Who turned the mood: a function of the messages in the window alone, so what was told before sways nothing.

A member turned it who disrupted (incited at least once), whom others followed that weren't as much against the seller
before, and after whom the others' mean mood was lower. Of several, the one who began first: who joins in later follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from pipeline.groups.policy import TurnRule
from pipeline.groups.state import AGREES, BARE_ANGER, INCITES, INSULTS, GroupState, Message

_by_time = attrgetter("at")


class Act(NamedTuple):
    utterance_id: str
    message: Message

    @property
    def at(self) -> int:
        return self.message.at


class Run(NamedTuple):
    """A member's disruptive messages without a long pause."""

    member: str
    acts: list[Act]
    did: int
    first: int
    last: int


class Verdict(NamedTuple):
    run: Run
    last: int
    """The last act or the last who followed."""
    before: float
    after: float
    members: tuple[str, ...]


def in_order(messages: Iterable[Message]) -> list[Message]:
    """By time; what has the same time as it arrived, as many sources write whole minutes."""
    return sorted(messages, key=_by_time)


def runs(rule: TurnRule, state: GroupState) -> list[Run]:
    """The runs that are long enough and incite at least once, the earliest first."""
    found = []
    for member in state.inciters:
        own = [Act(id_, state.messages[id_]) for id_ in state.members[member] if state.messages[id_].act]
        own.sort(key=_by_time)
        start = 0
        for i, (one, other) in enumerate(pairwise(own), start=1):
            if other.at - one.at > rule.reach:
                found.append(_run(member, own[start:i]))
                start = i
        found.append(_run(member, own[start:]))
    incited = (run for run in found if any(act.message.kind & INCITES for act in run.acts))
    return sorted((run for run in incited if run.did >= rule.least_acts), key=attrgetter("first"))


def _run(member: str, acts: list[Act]) -> Run:
    return Run(member, acts, sum(act.message.act for act in acts), acts[0].at, acts[-1].at)


def judge(rule: TurnRule, messages: list[Message], run: Run) -> Verdict | None:
    """Whether ``run`` turned the mood; ``messages`` are in order."""
    member, first = run.member, run.first
    end = run.last + rule.reach
    act: Message | None = None
    before = after = before_count = after_count = 0
    earlier: dict[str, int] = {}
    followed: dict[str, int] = {}
    last = run.last
    for message in messages:
        if message.member == member:
            if message.act and first <= message.at <= end:
                act = message
        elif act is None:
            before += message.mood
            before_count += 1
            if message.follow > earlier.get(message.member, 0):
                earlier[message.member] = message.follow
        elif message.at > end:
            break
        else:
            follow = _follows(rule, message, act)
            after += min(message.mood, -follow) if message.kind & AGREES else message.mood
            after_count += 1
            if follow:
                weight = follow - earlier.get(message.member, 0)
                if weight > followed.get(message.member, 0):
                    followed[message.member] = weight
                    last = max(last, message.at)
    total = sum(followed.values())
    if total < rule.least_followed or run.did + total < rule.least_together:
        return None
    mean_before = before / before_count / 100 if before_count else 0.0
    mean_after = after / after_count / 100
    if mean_before - mean_after < rule.least_drop:
        return None
    return Verdict(run, last, round(mean_before, 3), round(mean_after, 3), tuple(followed)[: rule.members])


def _follows(rule: TurnRule, message: Message, act: Message) -> int:
    """How much the message follows the member's last act. Bare anger said to the member, or right after an insult, is
    against the member."""
    if message.at - act.at > rule.reach:
        return 0
    to_member = act.member in message.to
    if message.kind & BARE_ANGER and (to_member or act.kind & INSULTS):
        return 0
    follow = max(message.follow, rule.agreeing) if message.kind & AGREES else message.follow
    return 100 if follow and to_member else follow
