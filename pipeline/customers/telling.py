"""Flag events: what was told last compared with what stands now."""

from __future__ import annotations

from pipeline.customers.judge import deciding, score_at, standing
from pipeline.customers.moments import instant, later, unpack
from pipeline.customers.policy import FlagRule, Policy
from pipeline.customers.state import CustomerState, Raised, Told
from pipeline.records import CustomerEvent, FlagEvent, FlagName, RetractEvent


def tell(policy: Policy, state: CustomerState, event: CustomerEvent) -> list[FlagEvent]:
    """The changes, at the time of the latest event: a late or retracted event changes what we know now, and the events
    of a flag keep following one another in time. A flag that stands already is raised once more only for the news that
    the customer turned a group's mood: who protects the group has to know which, and who was carried along."""
    now = standing(policy, state, state.clock)
    if not now and not state.told:  # the usual customer
        return []
    events: list[FlagEvent] = []
    for name, rule in policy.flags.items():
        told = state.told.get(name)
        new = now.get(name)
        if told is not None and told.stands:
            lapsed = instant(state.clock) >= instant(told.raised) + rule.lasts
            anew = new is not None and new.impact is None and instant(new.at) > instant(told.at)
            if new is None or lapsed or anew:
                events.append(_cleared(policy, rule, state, event, now))
            elif new.impact is None or (told.turned and new.at == told.raised):
                continue
        if new is not None:
            events.append(_raised(rule, state, new))
    return events


def _raised(rule: FlagRule, state: CustomerState, raised: Raised) -> FlagEvent:
    return FlagEvent(
        flag_id=_remember(state, rule.flag, raised),
        customer_id=state.customer_id,
        flag=rule.flag,
        state="raised",
        score=round(score_at(rule, state.tracks[rule.flag], state.clock), 2),
        because=raised.because,
        conversation_id=raised.conversation,
        at=unpack(state.clock),
        expires_at=unpack(later(raised.at, rule.lasts)),
        impact=raised.impact,
    )


def _cleared(
    policy: Policy,
    rule: FlagRule,
    state: CustomerState,
    event: CustomerEvent,
    now: dict[FlagName, Raised],
) -> FlagEvent:
    above = [now[name] for name in rule.yields_to if name in now]
    if above:
        because = above[0].because
    elif isinstance(event, RetractEvent):
        because = (event.tag_id,)
    else:
        because = deciding(policy, rule, state.clock, state, -1)
    track = state.tracks.get(rule.flag)
    score = 0.0 if track is None else score_at(rule, track, state.clock)
    return FlagEvent(
        flag_id=_remember(state, rule.flag, None),
        customer_id=state.customer_id,
        flag=rule.flag,
        state="cleared",
        score=round(score, 2),
        because=because,
        conversation_id=event.conversation_id,
        at=unpack(state.clock),
    )


def _remember(state: CustomerState, flag: FlagName, raised: Raised | None) -> str:
    """Notes what is being told and gives it an id that no other flag event of the customer has."""
    told = state.told.get(flag)
    times = told.times if told is not None and told.at == state.clock else 0
    plain = flag_id(state.customer_id, flag, state.clock)
    if raised is not None:
        times += 1
        told_as = plain if times == 1 else f"{plain}/{times}"
    else:
        told_as = f"{plain}/cleared/{times}" if times else f"{plain}/cleared"
    state.told[flag] = Told(
        stands=raised is not None,
        at=state.clock,
        raised=0 if raised is None else raised.at,
        turned=raised is not None and raised.impact is not None,
        times=times,
    )
    return told_as


def flag_id(customer_id: str, flag: FlagName, moment: int) -> str:
    return f"{customer_id}/{flag}/{unpack(moment).isoformat()}"
