"""Finds every candidate phrase in one pass and gives each its verdict."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.matching.compiled import (
    ALL,
    ANY,
    NONE,
    OF,
    CompiledRule,
    CompiledRules,
    Patterns,
    Target,
    spelling_pattern,
)
from pipeline.matching.phrases import GAP
from pipeline.matching.scope import FoundCue, Scope
from pipeline.text.clauses import clause_borders
from pipeline.text.mapped import Mapped
from pipeline.text.normalise import normalise
from pipeline.text.numbers import fold_numbers
from pipeline.text.segment import Segmenter
from pipeline.text.sound import by_sound

LONG_ENOUGH = 4
"""A part of so many characters is its own proof: a word border inside it or at its edge says nothing."""
_separators = re.compile(
    "(?<=[\u4e00-\u9fff\ue000\ue001a-z0-9])[\\s.*_\\-·•|/+~^&%$@♥❤✨🌟⭐#=]{1,3}(?=[\u4e00-\u9fffa-z\ue000\ue001])"
)

Spans = tuple[tuple[int, int], ...]


class Hit(NamedTuple):
    """A phrase found: ``spans`` of its parts in the folded text, and what became of it."""

    rule: int
    phrase: int
    spans: Spans
    via: str
    """``exact``, ``evasion`` (disguised) or ``sound`` (homophones)."""
    verdict: str
    cue: str | None = None


class Candidate(NamedTuple):
    phrase: int
    spans: Spans
    via: str


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
        self._exact = Finder(compiled.exact)
        self._sound = Finder(compiled.sound)
        self._spelled = compiled.sound.spelled.split("\n") if compiled.sound.spelled else []
        self._spelling = spelling_pattern(compiled.spellings)
        self._frequent = frozenset(compiled.frequent)
        rules = compiled.rules
        self._rule_of = [p.rule for p in compiled.phrases]
        self._evades = [rules[p.rule].evasion for p in compiled.phrases]
        self._sounds = {
            "call": frozenset(i for i, p in enumerate(compiled.phrases) if rules[p.rule].sound != "never"),
            "chat": frozenset(i for i, p in enumerate(compiled.phrases) if rules[p.rule].sound == "always"),
        }

    def read(self, text: str, role: str, channel: str, asked: frozenset[str] = frozenset()) -> Reading:
        """Every candidate hit in ``text`` with its verdict; ``asked``: the topics the agent asked about just before."""
        normal = normalise(text)
        folded = fold_numbers(normal.text, self.compiled.literal)
        candidates, cues = self._scan(folded.text)
        if role != "agent":
            candidates += self._scan_disguised(folded.text)
            candidates += self._scan_sounds(folded.text, channel, candidates)
        if not candidates:
            return Reading(normal, folded, [])
        return Reading(normal, folded, self._judge(folded.text, candidates, cues, role, channel, asked))

    def _scan(self, text: str) -> tuple[list[Candidate], list[FoundCue]]:
        candidates: list[Candidate] = []
        cues: list[FoundCue] = []
        pending: dict[tuple[int, int], list[Spans]] = {}
        all_cues = self.compiled.cues
        for start, end, target in self._exact.find(text):
            for phrase in target.singles:
                candidates.append(Candidate(phrase, ((start, end),), "exact"))  # noqa: PERF401  (a generator costs more)
            if target.parts:
                self._join(target.parts, start, end, text, pending, candidates)
            if target.cue >= 0:
                cues.append((start, end, all_cues[target.cue]))
        return candidates, cues

    def _join(
        self,
        parts: tuple[tuple[int, int], ...],
        start: int,
        end: int,
        text: str,
        pending: dict[tuple[int, int], list[Spans]],
        candidates: list[Candidate],
        via: str = "exact",
    ) -> None:
        """Adds a part just found to what was found of its phrases before it."""
        phrases = self.compiled.phrases
        for phrase, part in parts:
            if part == 0:
                pending.setdefault((phrase, 0), []).append(((start, end),))
                continue
            for spans in reversed(pending.get((phrase, part - 1), ())):
                before = spans[-1][1]
                if before <= start <= before + GAP and not _breaks(text, before, start):
                    joined = (*spans, (start, end))
                    if part + 1 == phrases[phrase].part_count:
                        candidates.append(Candidate(phrase, joined, via))
                    else:
                        pending.setdefault((phrase, part), []).append(joined)
                    break

    def _scan_disguised(self, text: str) -> list[Candidate]:
        """Hits of evasion rules that show once separators are squeezed out and disguised spellings are undone."""
        squeezed = _squeeze(text)
        if self._spelling is not None and self._spelling.search(squeezed.text if squeezed else text) is not None:
            squeezed = _respell(squeezed or Mapped(text), self._spelling, self.compiled.spellings)
        if squeezed is None:
            return []
        found, _ = self._scan(squeezed.text)
        result = []
        for candidate in found:
            if self._evades[candidate.phrase]:
                spans = tuple(squeezed.source_span(s, e) for s, e in candidate.spans)
                if any(text[s:e] != squeezed.text[a:b] for (s, e), (a, b) in zip(spans, candidate.spans, strict=True)):
                    result.append(Candidate(candidate.phrase, spans, "evasion"))
        return result

    def _scan_sounds(self, text: str, channel: str, exact: list[Candidate]) -> list[Candidate]:
        """Hits that only the ear finds: homophones, and syllables spelled in letters."""
        sounds = self._sounds["call" if channel == "call" else "chat"]
        if not sounds:
            return []
        heard = by_sound(text)
        result: list[Candidate] = []
        pending: dict[tuple[int, int], list[Spans]] = {}
        for start, end, pattern, target in self._sound.find_patterns(heard.text):
            singles = [p for p in target.singles if p in sounds]
            parts = tuple(p for p in target.parts if p[0] in sounds)
            if not (singles or parts):
                continue
            source = heard.source_span(start, end)
            written = text[source[0] : source[1]]
            spelled = self._spelled[pattern].split("|")
            as_written = written in spelled
            if not as_written and not self._plausible(written, spelled):
                continue
            if not as_written:
                result += [Candidate(p, (source,), "sound") for p in singles]
            if parts:
                self._join(parts, *source, text, pending, result, "sound")
        known = {(c.phrase, c.spans) for c in exact}
        return [c for c in result if (c.phrase, c.spans) not in known]

    def _plausible(self, written: str, spelled: list[str]) -> bool:
        """Could a recogniser, or somebody who evades, have written this for one of ``spelled``?

        Not where the characters that differ are frequent ones, or part of a word of their own.
        """
        if written in self.compiled.heard_as:
            return True
        in_words = {i for i, inside in enumerate(_inside_words(self.segmenter.words(written))) if inside}
        for spelling in spelled:
            if len(spelling) != len(written):
                return True  # letters for a syllable
            differs = [i for i, c in enumerate(written) if c != spelling[i]]
            if any(written[i] in self._frequent for i in differs):
                continue
            if in_words.isdisjoint(differs) or (len(written) >= LONG_ENOUGH and len(differs) == 1):
                return True
        return False

    def _judge(
        self,
        text: str,
        candidates: list[Candidate],
        cues: list[FoundCue],
        role: str,
        channel: str,
        asked: frozenset[str],
    ) -> list[Hit]:
        rules, phrases = self.compiled.rules, self.compiled.phrases
        by_rule: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            by_rule.setdefault(self._rule_of[candidate.phrase], []).append(candidate)
        borders = clause_borders(text)
        words = _Words(text, borders, self.segmenter)
        scope: Scope | None = None
        hits: list[Hit] = []
        for number, found in by_rule.items():
            rule = rules[number]
            if not (rule.plain or self._groups_fit(rule, found)):
                continue
            if not rule.min_length <= len(text) <= rule.max_length:
                continue
            if (rule.asked and asked.isdisjoint(rule.asked)) or not asked.isdisjoint(rule.not_asked):
                continue
            right_place = rule.role == role and channel in rule.channels
            for phrase, spans, via in found:
                described = phrases[phrase]
                if described.group == NONE or not _anchored(described.at_start, described.at_end, spans, borders, text):
                    continue
                if not right_place:
                    hits.append(Hit(number, phrase, spans, via, "wrong_role"))
                    continue
                if scope is None:
                    scope = Scope(text, borders, [c for c in cues if words.is_border(c[0])])
                verdict, cue = scope.judge(spans, rule.ignores)
                if (
                    verdict == "kept"
                    and rule.borders
                    and via == "exact"
                    and not all(words.holds(s, e) for s, e in spans)
                ):
                    verdict = "inside_word"
                hits.append(Hit(number, phrase, spans, via, verdict, cue))
        return hits

    def _groups_fit(self, rule: CompiledRule, found: list[Candidate]) -> bool:
        """Do the rule's ``any``, ``all``, ``none`` and ``at_least`` hold over the whole utterance?"""
        groups: dict[int, set[int]] = {ANY: set(), ALL: set(), NONE: set(), OF: set()}
        for candidate in found:
            groups[self.compiled.phrases[candidate.phrase].group].add(candidate.phrase)
        return (
            not groups[NONE]
            and len(groups[ALL]) >= rule.all_count
            and len(groups[OF]) >= rule.at_least
            and bool(groups[ANY] or not rule.needs_any)
        )


class Finder:
    """An automaton with what its patterns mean."""

    def __init__(self, patterns: Patterns) -> None:
        self._automaton = CharwiseDoubleArrayAhoCorasick.deserialize(patterns.automaton)
        numbers = struct.unpack(f"<{len(patterns.target_of) // 4}i", patterns.target_of)
        self._targets = [patterns.targets[n] for n in numbers]

    def find(self, text: str) -> list[tuple[int, int, Target]]:
        """Every pattern in ``text``, overlapping ones too, by end."""
        targets = self._targets
        return [(start, end, targets[pattern]) for start, end, pattern in self._automaton.find_overlapping(text)]

    def find_patterns(self, text: str) -> list[tuple[int, int, int, Target]]:
        """The same with the pattern's number."""
        targets = self._targets
        return [(s, e, pattern, targets[pattern]) for s, e, pattern in self._automaton.find_overlapping(text)]


class _Words:
    """Word borders of a text, segmented clause by clause and only where somebody asks."""

    __slots__ = ("_borders", "_clauses", "_known", "_segmenter", "_text")

    def __init__(self, text: str, clauses: list[int], segmenter: Segmenter) -> None:
        self._text = text
        self._clauses = clauses
        self._segmenter = segmenter
        self._known: set[int] = set()
        self._borders: set[int] = set()

    def holds(self, start: int, end: int) -> bool:
        """Does ``[start, end)`` begin and end on word borders, or is it long enough not to need them?"""
        if end - start >= LONG_ENOUGH:
            return True
        return self.is_border(start) and self.is_border(end)

    def is_border(self, offset: int) -> bool:
        clause = bisect_right(self._clauses, offset)
        if clause not in self._known:
            self._known.add(clause)
            start = self._clauses[clause - 1] if clause else 0
            end = self._clauses[clause] if clause < len(self._clauses) else len(self._text)
            self._borders |= self._segmenter.borders(self._text[start:end], start)
        return offset in self._borders


def _breaks(text: str, start: int, end: int) -> bool:
    """Is there punctuation that ends a clause in ``text[start:end]``? (A blank in a call is only a pause.)"""
    return any(c in ",。!?;…\n" for c in text[start:end])


def _anchored(at_start: bool, at_end: bool, spans: Spans, borders: list[int], text: str) -> bool:
    if at_start:
        start = spans[0][0]
        if start and start not in borders and text[:start].strip():
            return False
    if at_end:
        end = spans[-1][1]
        i = bisect_right(borders, end - 1)
        if i < len(borders) and any(c.isalnum() for c in text[end : borders[i]]):
            return False
    return True


def _squeeze(text: str) -> Mapped | None:
    """``text`` without the signs and blanks put between its characters, or nothing where there are none."""
    if _separators.search(text) is None:
        return None
    return _replace(Mapped(text), _separators, lambda _: "")


def _respell(mapped: Mapped, pattern: re.Pattern[str], spellings: dict[str, str]) -> Mapped:
    return _replace(mapped, pattern, lambda found: spellings[found])


def _replace(mapped: Mapped, pattern: re.Pattern[str], replacement: Callable[[str], str]) -> Mapped:
    """Every match of ``pattern`` replaced; each new character maps to the whole of what it replaced."""
    text = mapped.text
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in [*pattern.finditer(text), None]:
        start, end = match.span() if match else (len(text), len(text))
        for i in range(done, start):
            s, e = mapped.source_span(i, i + 1)
            starts.append(s)
            ends.append(e)
        parts.append(text[done:start])
        new = replacement(match[0]) if match else ""
        if new:
            s, e = mapped.source_span(start, end)
            starts.extend([s] * len(new))
            ends.extend([e] * len(new))
            parts.append(new)
        done = end
    return Mapped("".join(parts), starts, ends)


def _inside_words(words: list[str]) -> list[bool]:
    """Per character: is it part of a Chinese word of two or more characters?"""
    return [len(w) > 1 and not w.isascii() for w in words for _ in w]
