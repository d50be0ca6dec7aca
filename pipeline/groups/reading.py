"""One message reduced to what the judgement of a group needs."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.customers.moments import pack
from pipeline.groups.policy import GroupPolicy
from pipeline.groups.prints import text_print
from pipeline.groups.state import AGREES, BARE_ANGER, INCITES, INSULTS, GroupState, Message
from pipeline.records import Utterance

_WITH_THE_SELLER = frozenset({"positive", "loyalty", "purchase_signal"})


def read(policy: GroupPolicy, state: GroupState, utterance: Utterance, tags: Collection[str], text: str) -> Message:
    """The message of the member ``utterance.customer_id``; ``text`` is normalised."""
    mood = act = follow = kind = 0
    if tags:
        mood, act, follow, kind = _weigh(policy, tags, text)
    if not act and policy.agreeing.search(text) and _WITH_THE_SELLER.isdisjoint(tags):
        kind = kind & ~BARE_ANGER | AGREES
    if (follow or kind & AGREES) and policy.calming.search(text):
        follow = 0
        kind &= ~AGREES
    repeats = policy.repeats
    return Message(
        at=pack(utterance.at),
        member=utterance.customer_id or "",
        mood=mood,
        act=act,
        follow=follow,
        kind=kind,
        print=0 if text.startswith(repeats.chains) else text_print(text, repeats.copy_length),
        to=_answered(state, utterance),
    )


def _weigh(policy: GroupPolicy, tags: Collection[str], text: str) -> tuple[int, int, int, int]:
    """Mood, act, follow and kind. The gravest tag counts, not their sum: tags of one message say much the same."""
    best = worst = act = follow = 0
    for tag in tags:
        weight = policy.mood.get(tag, 0)
        if weight > best:
            best = weight
        elif weight < worst:
            worst = weight
        act = max(act, policy.turn.acts.get(tag, 0))
        follow = max(follow, policy.turn.follows.get(tag, 0))
    kind = 0
    if "incitement" in tags:
        kind = INCITES
    elif worst < 0 and policy.rousing.search(text):
        act = max(act, policy.turn.rousing)
    if "abuse" in tags and not kind:
        kind = INSULTS
    if follow and not _WITH_THE_SELLER.isdisjoint(tags):
        follow = 0
    elif kind & INSULTS or ("negative" in tags and follow == policy.turn.follows.get("negative")):
        kind |= BARE_ANGER
    return max(-100, min(100, best + worst)), act, follow, kind


def _answered(state: GroupState, utterance: Utterance) -> tuple[str, ...]:
    found = tuple(utterance.mentions) if utterance.mentions else ()
    if utterance.reply_to is not None and (message := state.messages.get(utterance.reply_to)) is not None:
        found = (message.member, *found)
    return found[:4]
