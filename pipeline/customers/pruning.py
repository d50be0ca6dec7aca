"""Keeps a customer's state bounded: the oldest evidence is folded into a sum."""

from __future__ import annotations

from pipeline.customers.judge import NOTHING, SIGNAL, in_order, walk
from pipeline.customers.moments import instant
from pipeline.customers.policy import Policy
from pipeline.customers.state import UNKNOWN, Base, CustomerState, Said, Track, holds


def prune(policy: Policy, state: CustomerState) -> None:
    """Cheap unless there is something to do: the first that arrived is as a rule the oldest."""
    said = state.said
    if not said:
        return
    oldest = said[next(iter(said))].at
    since = instant(state.clock) - policy.horizon
    if len(said) <= policy.kept and instant(oldest) > since - policy.horizon // 8:
        return
    units = in_order(state)
    first = 0
    while first < len(units) and instant(units[first][1].at) <= since:
        first += 1
    if len(units) - first > policy.kept:
        first = len(units) - policy.kept * 3 // 4
    if first == 0:
        return
    last = instant(units[first - 1][1].at)
    while first < len(units) and instant(units[first][1].at) == last:
        first += 1
    _sum_up(policy, state, units[:first])


def _sum_up(policy: Policy, state: CustomerState, units: list[tuple[str, Said]]) -> None:
    base = state.base or Base(at=0, tracks={}, counts={})
    tracks: dict[str, Track] = {}
    for rule in policy.flags.values():
        track = walk(policy, rule, base.tracks.get(rule.flag, NOTHING), units, state)
        if track is not NOTHING:
            tracks[rule.flag] = track
    base.tracks = tracks
    base.at = units[-1][1].at
    for unit, said in units:
        for name, rank in said.tags.items():
            if holds(rank) and not unit.startswith(SIGNAL):
                base.counts[name] = base.counts.get(name, 0) + 1
        del state.said[unit]
    state.base = base
    _forget_conversations(state)


def _forget_conversations(state: CustomerState) -> None:
    names: list[str] = []
    for said in state.said.values():
        if said.where != UNKNOWN:
            name = state.conversations[said.where]
            if name not in names:
                names.append(name)
            said.where = names.index(name)
    state.conversations = names


def prune_contacts(state: CustomerState, kept: int) -> None:
    """The oldest half goes when there are too many: a contact is a dozen bytes, and hardly anybody has so many."""
    if len(state.contacts) <= kept:
        return
    in_time = sorted(state.contacts.items(), key=lambda item: (instant(item[1].at), item[0]))
    at, count, spoke = state.contacts_base or (0, 0, 0)
    for contact_id, contact in in_time[: kept // 2]:
        at, count, spoke = max(at, contact.at), count + 1, spoke + contact.spoke
        del state.contacts[contact_id]
    state.contacts_base = at, count, spoke
