"""``fold``: one more event about a customer; the flags that change by it.

Which flags stand is a function of the *set* of events and the event time: any order, any repetition, same result. That
holds while an event is at most ``horizon_days`` late and the customer has no more than ``kept`` tagged utterances in
that time. Beyond it, the oldest evidence is only kept as a sum: what arrives from that time is too late and changes
nothing (it can't be told from a repetition), and a retraction can't reach it any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pipeline.customers.judge import NOTHING, SIGNAL, in_order, step, walk
from pipeline.customers.moments import instant, pack
from pipeline.customers.policy import FlagRule, Policy
from pipeline.customers.pruning import prune, prune_contacts
from pipeline.customers.state import NOT_YET, UNKNOWN, Contact, CustomerState, Said, holds, rank_of
from pipeline.customers.telling import tell
from pipeline.records import ContactEvent, CustomerEvent, FlagEvent, Impact, RetractEvent, SignalEvent, TagEvent

KEPT_CONTACTS = 64


def fold(policy: Policy, state: CustomerState | None, event: CustomerEvent) -> tuple[CustomerState, list[FlagEvent]]:
    """``state`` is changed in place and returned; None is a customer never heard of. The flag events come in the order
    of the policy and never repeat what was told before."""
    moment = pack(event.at)
    if state is None:
        state = _new(policy, event.customer_id, moment)
    elif state.policy != policy.version:
        rejudge(policy, state)
    state.clock = max(state.clock, moment)
    if isinstance(event, RetractEvent):
        _retract(policy, state, event, moment)
    else:
        state.first = min(state.first, moment)
        state.last = max(state.last, moment)
        if isinstance(event, TagEvent):
            _tag(policy, state, event, moment)
        elif isinstance(event, ContactEvent):
            _contact(state, event, moment)
        else:
            _signal(policy, state, event, moment)
    events = tell(policy, state, event)
    prune(policy, state)
    return state, events


def fold_utterance(
    policy: Policy, state: CustomerState | None, events: Sequence[TagEvent]
) -> tuple[CustomerState, list[FlagEvent]]:
    """All tags that one utterance gave, judged and told together: what stands afterwards is what ``fold`` one by one
    leaves, without the flags that would only stand between two tags of one breath, and at half the cost."""
    first = events[0]
    moment = pack(first.at)
    if state is None:
        state = _new(policy, first.customer_id, moment)
    elif state.policy != policy.version:
        rejudge(policy, state)
    if len(events) == 1 or first.utterance_id in state.said or _too_late(state, moment):
        flags: list[FlagEvent] = []
        for event in events:
            state, changed = fold(policy, state, event)
            flags += changed
        return state, flags
    state.clock = max(state.clock, moment)
    state.first = min(state.first, moment)
    state.last = max(state.last, moment)
    tags = {e.tag: rank_of(e.revision, e.score) for e in events}
    said = state.said[first.utterance_id] = Said(moment, _where(state, first.conversation_id), tags)
    rules = {rule.flag: rule for tag in tags for rule in policy.by_tag.get(tag, ())}
    _judge(policy, state, tuple(rules.values()), first.utterance_id, said)
    flags = tell(policy, state, first) if state.tracks else []
    prune(policy, state)
    return state, flags


def rejudge(policy: Policy, state: CustomerState) -> None:
    """Judges the kept evidence again, by another policy than it was judged by. The sum of older evidence stays as it
    was, but no longer completes a combination."""
    if state.base is not None:
        tracks = {name: replace(track, last=()) for name, track in state.base.tracks.items() if name in policy.flags}
        state.base = replace(state.base, tracks=tracks)
    state.tracks = {}
    _again(policy, state, tuple(policy.flags.values()))
    state.policy = policy.version


def _new(policy: Policy, customer_id: str, moment: int) -> CustomerState:
    return CustomerState(customer_id, policy.version, NOT_YET, -NOT_YET, moment, {}, [], {}, {}, {})


def _tag(policy: Policy, state: CustomerState, event: TagEvent, moment: int) -> None:
    unit, _, name = event.tag_id.rpartition("/")
    rank = rank_of(event.revision, event.score)
    said = state.said.get(unit)
    if said is None or said.where == UNKNOWN:
        if _too_late(state, moment):
            return
        tags = {} if said is None else said.tags
        said = state.said[unit] = Said(moment, _where(state, event.conversation_id), tags)
    before = said.tags.get(name, -1)
    if rank > before:
        said.tags[name] = rank
    if moment > said.at:
        said.at = moment
        _again(policy, state, tuple(policy.flags.values()))
    elif rank > before == -1:
        _judge(policy, state, policy.by_tag.get(name, ()), unit, said)
    elif rank > before:
        _again(policy, state, policy.by_tag.get(name, ()))


def _retract(policy: Policy, state: CustomerState, event: RetractEvent, moment: int) -> None:
    """Of a tag, or of a signal by its ``signal_id``; what hasn't arrived yet looks like a tag, see ``_signal``."""
    unit, _, name = event.tag_id.rpartition("/")
    said = state.said.get(SIGNAL + event.tag_id)
    if said is None:
        said = state.said.get(unit)
    else:
        (name,) = said.tags
    rank = rank_of(event.revision, taken_back=True)
    if said is None:
        if not _too_late(state, moment):
            state.said[unit] = Said(moment, UNKNOWN, {name: rank})
        return
    before = said.tags.get(name, -1)
    if rank > before:
        said.tags[name] = rank
        if before >= 0 and holds(before):
            _again(policy, state, policy.by_tag.get(name, ()))
    if said.where == UNKNOWN and moment > said.at:
        said.at = moment


def _signal(policy: Policy, state: CustomerState, event: SignalEvent, moment: int) -> None:
    """A mood turn comes again when more members are carried along: its time is the first, its impact the widest."""
    unit = SIGNAL + event.signal_id
    rules = policy.by_tag.get(event.signal, ())
    said = state.said.get(unit)
    if _too_late(state, moment):
        return
    if said is None:
        rank = rank_of(0, 1)
        before, _, name = event.signal_id.rpartition("/")
        if before in state.said:
            rank = max(rank, state.said[before].tags.get(name, 0))
        said = Said(moment, _where(state, event.conversation_id), {event.signal: rank}, event.impact)
        state.said[unit] = said
        if holds(rank):
            _judge(policy, state, rules, unit, said)
        return
    impact = max(said.impact, event.impact, key=_reach)
    if moment < said.at or impact != said.impact:
        said.at = min(moment, said.at)
        said.impact = impact
        _again(policy, state, rules)


def _reach(impact: Impact | None) -> tuple[int, tuple[str, ...], float, float]:
    return (-1, (), 0, 0) if impact is None else (len(impact.members), impact.members, -impact.after, impact.before)


def _contact(state: CustomerState, event: ContactEvent, moment: int) -> None:
    contact = state.contacts.get(event.contact_id)
    if contact is not None:
        contact.spoke = contact.spoke or event.spoke
        contact.at = max(contact.at, moment)
    elif state.contacts_base is None or instant(moment) > instant(state.contacts_base[0]):
        state.contacts[event.contact_id] = Contact(moment, event.spoke)
        prune_contacts(state, KEPT_CONTACTS)


def _too_late(state: CustomerState, moment: int) -> bool:
    return state.base is not None and instant(moment) <= instant(state.base.at)


def _where(state: CustomerState, conversation_id: str) -> int:
    if conversation_id not in state.conversations:
        state.conversations.append(conversation_id)
    return state.conversations.index(conversation_id)


def _judge(policy: Policy, state: CustomerState, rules: tuple[FlagRule, ...], unit: str, said: Said) -> None:
    """A new piece of evidence: one step where it is the last one, else the walk."""
    for rule in rules:
        track = state.tracks.get(rule.flag, NOTHING)
        if track is NOTHING or instant(said.at) > instant(track.at):
            state.tracks[rule.flag] = step(policy, rule, track, [(unit, said)], state)
        else:
            _again(policy, state, (rule,))


def _again(policy: Policy, state: CustomerState, rules: tuple[FlagRule, ...]) -> None:
    units = in_order(state)
    base = {} if state.base is None else state.base.tracks
    for rule in rules:
        track = walk(policy, rule, base.get(rule.flag, NOTHING), units, state)
        if track is not NOTHING:
            state.tracks[rule.flag] = track
        else:
            state.tracks.pop(rule.flag, None)
