"""The profile that a CRM loads: a pure function of the state."""

from __future__ import annotations

import msgspec

from pipeline.customers.fold import rejudge
from pipeline.customers.judge import SIGNAL, score_at, standing
from pipeline.customers.moments import later, unpack
from pipeline.customers.policy import Policy
from pipeline.customers.state import NOT_YET, CustomerState, holds
from pipeline.customers.telling import flag_id
from pipeline.records import Profile, StandingFlag


def profile(policy: Policy, state: CustomerState) -> Profile:
    """Flags as they stand at the latest event time. Follows from the set of events alone, as the flags do."""
    if state.policy != policy.version:
        state = msgspec.structs.replace(state)
        rejudge(policy, state)
    last = state.clock if state.last == -NOT_YET else state.last
    _, contacts, spoken = state.contacts_base or (0, 0, 0)
    return Profile(
        customer_id=state.customer_id,
        flags=tuple(
            StandingFlag(
                flag=name,
                flag_id=flag_id(state.customer_id, name, raised.at),
                score=round(score_at(policy.flags[name], state.tracks[name], state.clock), 2),
                because=raised.because,
                raised_at=unpack(raised.at),
                expires_at=unpack(later(raised.at, policy.flags[name].lasts)),
                conversation_id=raised.conversation,
                impact=raised.impact,
            )
            for name, raised in standing(policy, state, state.clock).items()
        ),
        tag_counts=_tag_counts(state),
        scores={
            name: round(score_at(rule, state.tracks[name], last), 2)
            for name, rule in policy.flags.items()
            if name in state.tracks
        },
        contacts=contacts + len(state.contacts),
        contacts_spoken=spoken + sum(contact.spoke for contact in state.contacts.values()),
        first_seen=unpack(min(state.first, last)),
        last_seen=unpack(last),
    )


def _tag_counts(state: CustomerState) -> dict[str, int]:
    counts = {} if state.base is None else dict(state.base.counts)
    for unit, said in state.said.items():
        if not unit.startswith(SIGNAL):
            for name, rank in said.tags.items():
                if holds(rank):
                    counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
