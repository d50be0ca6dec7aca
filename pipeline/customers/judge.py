"""One flag along event time: score, raise, clear.

Hysteresis makes a flag depend on the path, so it is judged along event time over the evidence, never along arrival. A
new last evidence is one step on; anything else (late, taken back, same time) walks the kept evidence again with the
very same arithmetic, so that both ways give the same floats.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2
from operator import itemgetter

from pipeline.customers.moments import instant
from pipeline.customers.policy import FlagRule, Policy
from pipeline.customers.state import CustomerState, Raised, Said, Track, holds, score_of
from pipeline.records import FlagName

Unit = tuple[str, Said]
LEAST_SURE = 0.5
"""A tag surer than this may complete a combination or decide; a doubtful one only adds to the score."""
NOTHING = Track(at=0, score=0.0, last=())
SIGNAL = "\x00"
"""Starts the key of a signal among what was said, so that it can't be mistaken for an utterance."""


def score_at(rule: FlagRule, track: Track, moment: int) -> float:
    """The score as it has faded by ``moment``, nothing having happened since."""
    if not track.score:
        return 0.0
    return float(track.score * 0.5 ** (((moment >> 8) - (track.at >> 8)) / rule.half_life))


def step(policy: Policy, rule: FlagRule, track: Track, group: list[Unit], state: CustomerState) -> Track:
    """On to the time of ``group``: all that was said at one instant and weighs something, judged together."""
    moment = group[0][1].at if len(group) == 1 else max(said.at for _, said in group)
    now = instant(moment)
    score = score_at(rule, track, moment)
    for unit, said in group:
        score += _adds(rule, unit, said)
    last = _last(rule, track.last, group, moment) if rule.items else ()
    recent = [at_ != 0 and instant(at_) > now - rule.window for at_ in last]
    score = rule.most if any(recent[i] for i in rule.decisive) else min(max(score, rule.least), rule.most)
    raised = track.raised if now < track.until else None
    if raised is not None:
        if score <= rule.clear_at:
            raised = None
        elif (turn := _turn(group)) is not None and (
            raised.impact is None or raised.conversation != state.conversations[turn.where]
        ):
            raised = _raise(policy, rule, score, moment, group, state)
    elif score >= rule.raise_at and _complete(rule, recent):
        raised = _raise(policy, rule, score, moment, group, state)
    if raised is None:
        return Track(moment, score, last)
    until = instant(raised.at) + rule.lasts
    if rule.clear_at > 0:
        until = min(until, now + int(rule.half_life * log2(score / rule.clear_at)))
    return Track(moment, score, last, raised, until)


def walk(policy: Policy, rule: FlagRule, track: Track, units: Iterable[Unit], state: CustomerState) -> Track:
    """All of ``units``, which are sorted by time."""
    weights = rule.weights.keys()
    group: list[Unit] = []
    for unit in units:
        tags = unit[1].tags
        if weights.isdisjoint(tags) or not any(holds(rank) for name, rank in tags.items() if name in weights):
            continue
        if group and instant(group[0][1].at) != instant(unit[1].at):
            track = step(policy, rule, track, group, state)
            group = []
        group.append(unit)
    return step(policy, rule, track, group, state) if group else track


def in_order(state: CustomerState) -> list[Unit]:
    """By time, then by id: the order of what is said at the same time must not depend on the arrival."""
    return sorted(state.said.items(), key=_by_time)


def standing(policy: Policy, state: CustomerState, moment: int) -> dict[FlagName, Raised]:
    """The flags that stand at ``moment``."""
    found: dict[FlagName, Raised] = {}
    for name in policy.flags:
        track = state.tracks.get(name)
        if track is not None and track.raised is not None and instant(moment) < track.until:
            found[name] = track.raised
    if len(found) > 1:
        return {name: flag for name, flag in found.items() if not any(n in found for n in policy.flags[name].yields_to)}
    return found


def deciding(policy: Policy, rule: FlagRule, moment: int, state: CustomerState, sign: int) -> tuple[str, ...]:
    """Ids of the evidence for (``sign`` 1) or against (-1) the flag that weighs most; each kind of tag is named once
    before any is named twice."""
    since = instant(moment) - rule.window
    found = []
    for unit, said in state.said.items():
        if since < instant(said.at) <= instant(moment):
            fade = 0.5 ** ((instant(moment) - instant(said.at)) / rule.half_life)
            for name, rank in said.tags.items():
                weight = sign * rule.weights.get(name, 0)
                if weight > 0 and holds(rank):
                    found.append((-weight * fade * rule.sure(score_of(rank)), -said.at, evidence_id(unit, name), name))
    found.sort()
    seen: dict[str, int] = {}
    ranked = []
    for place, (_, _, id_, name) in enumerate(found):
        seen[name] = seen.get(name, 0) + 1
        ranked.append((seen[name] > 1, place, id_))
    return tuple(id_ for _, _, id_ in sorted(ranked)[: policy.because])


def evidence_id(unit: str, name: str) -> str:
    """The ``tag_id``; a signal's unit is its ``signal_id`` already."""
    return unit[1:] if unit.startswith(SIGNAL) else f"{unit}/{name}"


def _by_time(unit: Unit) -> tuple[int, str]:
    return unit[1].at >> 8, unit[0]


def _adds(rule: FlagRule, unit: str, said: Said) -> float:
    weights = rule.weights
    names = said.tags if len(said.tags) == 1 else sorted(said.tags)
    added = 0.0
    for name in names:
        rank = said.tags[name]
        if name in weights and holds(rank):
            added += weights[name] * rule.sure(score_of(rank))
    return added if added <= rule.per_utterance or unit.startswith(SIGNAL) else rule.per_utterance


def _turn(group: list[Unit]) -> Said | None:
    """The signal that the customer turned a group's mood, if it is in ``group``."""
    return next((said for _, said in group if said.impact is not None), None)


def _last(rule: FlagRule, before: tuple[int, ...], group: list[Unit], moment: int) -> tuple[int, ...]:
    names = {
        name
        for _, said in group
        for name, rank in said.tags.items()
        if holds(rank) and rule.sure(score_of(rank)) >= LEAST_SURE
    }
    before = before or (0,) * len(rule.items)
    return tuple(moment if names & item else last for item, last in zip(rule.items, before, strict=True))


def _complete(rule: FlagRule, recent: list[bool]) -> bool:
    return not rule.combinations or any(all(recent[i] for i in combination) for combination in rule.combinations)


def _raise(policy: Policy, rule: FlagRule, score: float, moment: int, group: list[Unit], state: CustomerState) -> Raised:
    turn = _turn(group)
    decided = turn
    if decided is None:
        decided = max(((_adds(rule, unit, said), unit, said) for unit, said in group), key=itemgetter(0, 1))[2]
    return Raised(
        at=moment,
        score=score,
        because=deciding(policy, rule, moment, state, 1),
        conversation=state.conversations[decided.where],
        impact=None if turn is None else turn.impact,
    )
