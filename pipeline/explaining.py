"""How one utterance is tagged, step by step: the stream's own steps with everything kept that they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pipeline.deciding import probability
from pipeline.learning.seen import see
from pipeline.records import Channel, Role, TagEvent, Utterance
from pipeline.tagger import Conversation, Tagger
from pipeline.text.numbers import SHOWN


class Candidate(msgspec.Struct, frozen=True):
    rule: str
    tags: tuple[str, ...]
    effect: str
    phrase: str
    text: str
    start: int
    end: int
    via: str
    verdict: str
    cue: str | None


class Score(msgspec.Struct, frozen=True):
    tag: str
    probability: float
    threshold: float


class Explanation(msgspec.Struct, frozen=True):
    text: str
    normalised: str
    words: tuple[str, ...]
    asked: tuple[str, ...]
    """Topics that the agent asked about just before."""
    candidates: tuple[Candidate, ...]
    scores: tuple[Score, ...]
    """The model's own, highest first, down to a tenth of the threshold."""
    tags: tuple[TagEvent, ...]


def explain(
    tagger: Tagger, text: str, role: Role = "customer", channel: Channel = "chat", context: Sequence[str] = ()
) -> Explanation:
    """``context``: the turns before, oldest first, each ``agent: …`` or ``customer: …``."""
    at = datetime(2000, 1, 1, tzinfo=UTC)
    states: dict[str, Conversation] = {}
    turns = [(r, t) for r, _, t in (turn.partition(": ") for turn in context)] + [(role, text)]
    block = [
        Utterance(str(i), "explain", channel, who, who, at, said, customer_id="customer")  # type: ignore[arg-type]  # checked by the command line
        for i, (who, said) in enumerate(turns)
    ]
    tagger.tag_block(states, block[:-1])
    state = states.get("explain")
    asked = frozenset(state.asked if state else ())
    tagged = tagger.tag_block(states, block[-1:])[0]
    reading = tagger.matcher.read(text, role, channel, asked, trace=True)
    rules, phrases = tagger.rules.rules, tagger.rules.phrases
    candidates = []
    for hit in reading.hits:
        start, end = reading.original_span(hit.spans[0][0], hit.spans[-1][1])
        rule = rules[hit.rule]
        candidates.append(
            Candidate(
                rule.rule_id, rule.tags, rule.effect, phrases[hit.phrase].shown, text[start:end], start, end, hit.via,
                hit.verdict, hit.cue,
            )
        )  # fmt: skip
    return Explanation(
        text=text,
        normalised="".join(SHOWN.get(c, c) for c in reading.folded.text),
        words=tuple("".join(SHOWN.get(c, c) for c in w) for w in tagger.matcher.segmenter.words(reading.folded.text)),
        asked=tuple(sorted(asked)),
        candidates=tuple(candidates),
        scores=_scores(tagger, text, role, context),
        tags=tuple(e for e in tagged.events if isinstance(e, TagEvent)),
    )


def _scores(tagger: Tagger, text: str, role: str, context: Sequence[str]) -> tuple[Score, ...]:
    if tagger.model is None or role != "customer":
        return ()
    info = tagger.model.info
    logits = tagger.model.logits([see(text, context, tagger.rules.literal)])[0].tolist()
    scores = [Score(t, round(probability(x), 3), info.thresholds[t]) for t, x in zip(info.tags, logits, strict=True)]
    return tuple(sorted((s for s in scores if s.probability >= s.threshold / 10), key=lambda s: -s.probability))
