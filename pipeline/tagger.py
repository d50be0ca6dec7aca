"""Utterances in, their tags, contacts and retractions out: the TAG stage. State per conversation; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import numpy as np

from pipeline.deciding import SHORT, SHORT_LENGTH, Decider, Decision
from pipeline.learning.model import Model
from pipeline.learning.seen import Seen, seen_before, seen_text
from pipeline.matching.matcher import Matcher, Reading
from pipeline.records import ContactEvent, CustomerEvent, Evidence, RetractEvent, TagEvent, Utterance
from pipeline.text.clauses import clause_borders

REMEMBERED_UTTERANCES = 2048
"""Per conversation: a repetition or revision of an older utterance is taken for a new one (with the same ids)."""
REMEMBERED_CONTACTS = 20_000
ASKED_STANDS = 3
"""An agent's question stands for so many of the customer's utterances."""


V = TypeVar("V")


class Earlier(msgspec.Struct, array_like=True):
    """What was said of an utterance before: its revision, the tags that stand, and of whom."""

    revision: int
    tags: tuple[str, ...] = ()
    customer: str = ""


class Conversation(msgspec.Struct, array_like=True):
    """State of one call, chat or group."""

    earlier: dict[str, Earlier] = {}
    asked: dict[str, int] = {}
    """Topic the agent asked about → for how many more customer utterances it stands."""
    before: str = ""
    """The agent's turn just before, folded; empty where a customer spoke last."""
    first_by: str = ""
    contacts: dict[str, bool] = {}
    """Customer → has spoken."""


class States(Protocol):
    """Where conversations' states are kept: a dictionary, or a store that spills to disk."""

    def get(self, key: str, /) -> Conversation | None: ...

    def __setitem__(self, key: str, state: Conversation, /) -> None: ...


class Tagged(NamedTuple):
    """One utterance with what follows from it."""

    utterance: Utterance
    events: list[CustomerEvent]
    reading: Reading | None
    """``None`` where the utterance is a repetition and nothing follows."""

    @property
    def tags(self) -> list[str]:
        return [e.tag for e in self.events if isinstance(e, TagEvent)]


class Work(NamedTuple):
    """An utterance on its way through a block that earns tags, or, revised, may lose them."""

    place: int
    utterance: Utterance
    reading: Reading
    earlier: Earlier
    earns: bool


class Tagger:
    """The pure tagging step, ready for blocks of utterances."""

    def __init__(self, matcher: Matcher, model: Model | None) -> None:
        self.matcher = matcher
        self.model = model
        self.rules = matcher.compiled
        self.decider = Decider(self.rules, model.info if model else None)
        self._dimension = {name: tag.dimension for name, tag in self.rules.tags.items()}
        self._cut = np.array(self.decider.cut, dtype=np.float32)
        self._model_source = f"model:intents@{model.version}" if model else ""

    def tag_block(self, states: States, block: Sequence[Utterance]) -> list[Tagged]:
        """One ``Tagged`` per utterance, in order. Cutting a stream into other blocks gives the same results."""
        results: list[Tagged] = []
        works: list[Work] = []
        seen: list[Seen] = []
        for utterance in block:
            state = states.get(utterance.conversation_id)
            if state is None:
                state = states[utterance.conversation_id] = Conversation()
            earlier = state.earlier.get(utterance.utterance_id)
            if earlier is not None and earlier.revision >= utterance.revision:
                results.append(Tagged(utterance, [], None))
                continue
            events = _contact(state, utterance)
            reading = self.matcher.read(utterance.text, utterance.role, utterance.channel, frozenset(state.asked))
            revised = earlier is not None
            if earlier is None:
                earlier = Earlier(utterance.revision)
            earlier.revision = utterance.revision
            _remember(state.earlier, utterance.utterance_id, earlier, REMEMBERED_UTTERANCES)
            results.append(Tagged(utterance, events, reading))
            earns = utterance.role == "customer" and utterance.customer_id is not None
            if earns or revised:
                works.append(Work(len(results) - 1, utterance, reading, earlier, earns))
                seen.append(Seen(seen_text(reading.folded.text), seen_before(state.before)))
            self._turn(state, utterance, reading)
        self._decide(works, seen, results)
        return results

    def _turn(self, state: Conversation, utterance: Utterance, reading: Reading) -> None:
        """What the next turns may rest on."""
        if utterance.role == "customer":
            state.before = ""
            if state.asked:
                state.asked = {topic: left - 1 for topic, left in state.asked.items() if left > 1}
            return
        if utterance.role != "agent":
            return
        state.before = reading.folded.text[-120:]
        rules = self.rules.rules
        asked = {topic for h in reading.hits if h.verdict == "kept" and (topic := rules[h.rule].asks)}
        if asked:
            state.asked = dict.fromkeys(sorted(asked), ASKED_STANDS)

    def _decide(self, works: list[Work], seen: list[Seen], results: list[Tagged]) -> None:
        if not works:
            return
        if self.model is not None:
            logits = self.model.logits(seen)
            above: list[list[int]] = [[] for _ in works]
            for row, column in zip(*(a.tolist() for a in np.nonzero(logits >= self._cut)), strict=True):
                above[row].append(column)
            rows = logits.tolist()
        else:
            above = [[] for _ in works]
            rows = [[] for _ in works]
        alone: list[tuple[int, Decision]] = []
        decided: list[list[Decision]] = []
        for i, work in enumerate(works):
            doubt = SHORT if len(seen[i].text) <= SHORT_LENGTH and not seen[i].before else 0.0
            decisions = self.decider.decide(work.reading.hits, rows[i], above[i], doubt) if work.earns else []
            decided.append(decisions)
            alone.extend((i, d) for d in decisions if not d.hits)
        spans = self._model_spans(works, alone)
        for i, work in enumerate(works):
            results[work.place].events.extend(self._events(work, decided[i], spans))

    def _model_spans(self, works: list[Work], alone: list[tuple[int, Decision]]) -> dict[tuple[int, str], tuple[int, int]]:
        """For tags the model alone asserts: the clause of the folded text that speaks most for it."""
        if not alone or self.model is None:
            return {}
        texts = [works[i].reading.folded.text for i, _ in alone]
        borders = [clause_borders(text) for text in texts]
        best = self.model.best_clauses(texts, [d.tag for _, d in alone], borders)
        spans = {}
        for (i, decision), text, ends, clause in zip(alone, texts, borders, best, strict=True):
            spans[works[i].place, decision.tag] = _trim(text, ends[clause - 1] if clause else 0, ends[clause])
        return spans

    def _events(
        self, work: Work, decisions: list[Decision], spans: dict[tuple[int, str], tuple[int, int]]
    ) -> list[CustomerEvent]:
        utterance, earlier = work.utterance, work.earlier
        customer = utterance.customer_id or ""
        now = [d.tag for d in decisions]
        events: list[CustomerEvent] = [
            RetractEvent(
                tag_id=f"{utterance.utterance_id}/{tag}",
                customer_id=earlier.customer,
                conversation_id=utterance.conversation_id,
                # said again of another customer under the same id: must not beat what replaces it
                revision=utterance.revision - (tag in now),
                reason="revised",
                at=utterance.at,
            )
            for tag in earlier.tags
            if tag not in now or earlier.customer != customer
        ]
        earlier.tags = tuple(now)
        earlier.customer = customer
        for decision in decisions:
            evidence, sources = self._evidence(work, decision, spans)
            events.append(
                TagEvent(
                    tag_id=f"{utterance.utterance_id}/{decision.tag}",
                    customer_id=customer,
                    conversation_id=utterance.conversation_id,
                    utterance_id=utterance.utterance_id,
                    channel=utterance.channel,
                    tag=decision.tag,
                    dimension=self._dimension[decision.tag],
                    score=round(decision.score, 2),
                    revision=utterance.revision,
                    at=utterance.at,
                    evidence=evidence,
                    sources=sources,
                )
            )
        return events

    def _evidence(
        self, work: Work, decision: Decision, spans: dict[tuple[int, str], tuple[int, int]]
    ) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
        text, reading = work.utterance.text, work.reading
        found: list[tuple[int, int, str]] = []
        sources: dict[str, None] = {}
        for hit in decision.hits:
            rule = self.rules.rules[hit.rule]
            start, end = reading.original_span(hit.spans[0][0], hit.spans[-1][1])
            found.append((start, end, f"rule:{rule.rule_id}"))
            sources[f"rule:{rule.rule_id}@{rule.version}"] = None
        if decision.by_model:
            sources[self._model_source] = None
        span = spans.get((work.place, decision.tag))
        if span is not None and span[0] < span[1]:
            found.append((*reading.original_span(*span), "model:intents"))
        evidence = tuple(Evidence(s, e, text[s:e], source) for s, e, source in _widest(found))
        return evidence, tuple(sources)


def _contact(state: Conversation, utterance: Utterance) -> list[CustomerEvent]:
    """A contact when a customer first takes part, and again when the customer first speaks."""
    if not state.first_by:
        state.first_by = utterance.role
    customer = utterance.customer_id
    if customer is None or utterance.role == "system":
        return []
    speaks = utterance.role == "customer"
    known = state.contacts.get(customer)
    if known is not None and (known or not speaks):
        return []
    _remember(state.contacts, customer, speaks, REMEMBERED_CONTACTS)
    first_by = "customer" if utterance.channel == "group_chat" else state.first_by
    return [
        ContactEvent(
            f"{utterance.conversation_id}/{customer}",
            customer,
            utterance.conversation_id,
            utterance.channel,
            first_by,  # type: ignore[arg-type]  # only roles are ever put in
            speaks,
            utterance.at,
        )
    ]


def _remember(memory: dict[str, V], key: str, value: V, most: int) -> None:
    """Keeps the newest ``most`` entries."""
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > most:
        del memory[next(iter(memory))]


def _widest(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Without spans that lie inside another of the same source."""
    ordered = sorted(dict.fromkeys(found), key=lambda f: (f[0], -f[1]))
    kept: list[tuple[int, int, str]] = []
    for start, end, source in ordered:
        if not any(s <= start and end <= e and o == source for s, e, o in kept):
            kept.append((start, end, source))
    return kept


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Without blanks and punctuation at the edges, unless nothing else is there."""
    left, right = start, end
    while left < right and not text[left].isalnum() and text[left] < "\ue000":
        left += 1
    while right > left and not text[right - 1].isalnum() and text[right - 1] < "\ue000":
        right -= 1
    return (left, right) if left < right else (start, end)
