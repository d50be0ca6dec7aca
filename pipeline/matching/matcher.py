"""Finds every candidate phrase and gives each its verdict."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from pipeline.matching.compiled import ALL, ANY, NONE, OF, CompiledPhrase, CompiledRules
from pipeline.matching.finding import LONG_ENOUGH, Candidate, CueFinder, DisguisedFinder, Finder, SoundFinder, Spans
from pipeline.matching.scope import Scope
from pipeline.text.clauses import clause_borders
from pipeline.text.mapped import Mapped
from pipeline.text.normalise import normalise
from pipeline.text.numbers import fold_numbers
from pipeline.text.segment import Segmenter


class Hit(NamedTuple):
    """A phrase found: ``spans`` of its parts in the folded text, and what became of it."""

    rule: int
    phrase: int
    spans: Spans
    via: str
    verdict: str
    cue: str | None = None


class Reading(NamedTuple):
    """One text read against the rules."""

    normal: Mapped
    folded: Mapped
    hits: list[Hit]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text behind a span of the folded text."""
        return self.normal.source_span(*self.folded.source_span(start, end))


class Matcher:
    """Compiled rules, ready to read texts. Holds no state between texts."""

    def __init__(self, compiled: CompiledRules, segmenter: Segmenter | None = None) -> None:
        self.compiled = compiled
        self.segmenter = segmenter or Segmenter(compiled.user_words)
        self._cues = CueFinder(compiled)
        self._exact = Finder(compiled.exact, compiled)
        self._agents = Finder(compiled.agents, compiled)
        self._conditions = Finder(compiled.conditions, compiled)
        self._disguised = DisguisedFinder(compiled)
        self._sound_in_calls = SoundFinder(compiled.sound_in_calls, compiled, self.segmenter)
        self._sound_always = SoundFinder(compiled.sound_always, compiled, self.segmenter)

    def read(self, text: str, role: str, channel: str, asked: frozenset[str] = frozenset(), trace: bool = False) -> Reading:
        """Every candidate hit in ``text`` with its verdict; ``asked``: the topics the agent asked about just before.

        Of an agent's text only the rules that read agents are tried, unless ``trace`` wants to see the others refused.
        """
        normal = normalise(text)
        folded = fold_numbers(normal.text, self.compiled.literal)
        plain = folded.text
        if role == "customer" or trace:
            candidates = self._exact.find(plain, asked)
            candidates += self._disguised.find(plain, asked)
            sound = self._sound_in_calls if channel == "call" else self._sound_always
            candidates += sound.find(plain, asked, candidates)
        else:
            candidates = self._agents.find(plain, asked)
        if not candidates:
            return Reading(normal, folded, [])
        return Reading(normal, folded, self._judge(plain, candidates, role, channel, asked))

    def _judge(
        self,
        text: str,
        candidates: list[Candidate],
        role: str,
        channel: str,
        asked: frozenset[str],
    ) -> list[Hit]:
        rules, phrases = self.compiled.rules, self.compiled.phrases
        by_rule: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            by_rule.setdefault(phrases[candidate.phrase].rule, []).append(candidate)
        borders = clause_borders(text)
        deciding: dict[int, list[Candidate]] = {}
        for number, found in by_rule.items():
            if asked.isdisjoint(rules[number].not_asked):
                here = [c for c in found if _anchored(phrases[c.phrase], c.spans, borders, text)]
                if here:
                    deciding[number] = here
        self._drop_unfulfilled(deciding, text, borders, asked)
        words = _Words(text, borders, self.segmenter)
        scope: Scope | None = None
        hits: list[Hit] = []
        for number, found in deciding.items():
            rule = rules[number]
            if rule.role != role or channel not in rule.channels:
                hits += [Hit(number, *candidate, "wrong_role") for candidate in found]
                continue
            for phrase, spans, via in found:
                if scope is None:
                    scope = Scope(text, borders, self._cues.find(text), words.is_border)
                verdict, cue = scope.judge(spans, rule.ignores)
                if verdict == "kept" and rule.borders and not words.hold(spans, via):
                    verdict = "inside_word"
                hits.append(Hit(number, phrase, spans, via, verdict, cue))
        return hits

    def _drop_unfulfilled(
        self, deciding: dict[int, list[Candidate]], text: str, borders: list[int], asked: frozenset[str]
    ) -> None:
        """Drops the rules whose ``all``, ``at_least`` or ``none`` don't hold over the whole utterance."""
        rules, phrases = self.compiled.rules, self.compiled.phrases
        conditional = [number for number in deciding if rules[number].conditional]
        if not conditional:
            return
        there: dict[int, dict[int, set[str]]] = {n: {ANY: set(), ALL: set(), NONE: set(), OF: set()} for n in conditional}
        found = self._conditions.find(text, asked, conditional)
        for candidate in (*found, *(c for n in conditional for c in deciding[n])):
            phrase = phrases[candidate.phrase]
            if _anchored(phrase, candidate.spans, borders, text):
                there[phrase.rule][phrase.group].add(phrase.shown)
        for number in conditional:
            groups, rule = there[number], rules[number]
            if groups[NONE] or len(groups[ALL]) < rule.all_count or len(groups[OF]) < rule.at_least:
                del deciding[number]


class _Words:
    """Word borders of a text, segmented clause by clause and only where somebody asks."""

    __slots__ = ("_borders", "_clauses", "_known", "_segmenter", "_text")

    def __init__(self, text: str, clauses: list[int], segmenter: Segmenter) -> None:
        self._text = text
        self._clauses = clauses
        self._segmenter = segmenter
        self._known: set[int] = set()
        self._borders: set[int] = set()

    def hold(self, spans: Spans, via: str) -> bool:
        """Does each part begin and end on word borders, or is it long enough not to need them? What is disguised or
        misheard has no right borders inside, but at its edges."""
        if via != "exact":
            return self.is_border(spans[0][0]) and self.is_border(spans[-1][1])
        return all(e - s >= LONG_ENOUGH or (self.is_border(s) and self.is_border(e)) for s, e in spans)

    def is_border(self, offset: int) -> bool:
        clause = bisect_right(self._clauses, offset)
        if clause not in self._known:
            self._known.add(clause)
            start = self._clauses[clause - 1] if clause else 0
            end = self._clauses[clause] if clause < len(self._clauses) else len(self._text)
            self._borders |= self._segmenter.borders(self._text[start:end], start)
        return offset in self._borders


def _anchored(phrase: CompiledPhrase, spans: Spans, borders: list[int], text: str) -> bool:
    """Do the spans stand at the start and the end of a clause, where the phrase asks for it?"""
    if phrase.at_start:
        start = spans[0][0]
        if start and start not in borders and text[:start].strip():
            return False
    if phrase.at_end:
        end = spans[-1][1]
        i = bisect_right(borders, end - 1)
        if i < len(borders) and any(c.isalnum() for c in text[end : borders[i]]):
            return False
    return True
