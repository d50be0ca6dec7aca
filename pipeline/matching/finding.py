"""Finds every candidate phrase of a text in one pass of an automaton: as written, disguised, or by its sound."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.matching.compiled import CompiledRules, Patterns, Target
from pipeline.matching.phrases import GAP
from pipeline.matching.schema import CueSource
from pipeline.text.mapped import Mapped
from pipeline.text.segment import Segmenter
from pipeline.text.sound import by_sound

LONG_ENOUGH = 4
"""A part of so many characters is its own proof: a word border inside it or at its edge says nothing."""
_separators = re.compile(
    "(?<=[\u4e00-\u9fff\ue000\ue001a-z0-9])[\\s.*_\\-·•|/~^&%$@♥❤✨🌟⭐#=]{1,3}(?=[\u4e00-\u9fffa-z\ue000\ue001])"
)
_clause_ends = frozenset(",。!?;…\n")

Spans = tuple[tuple[int, int], ...]
FoundCue = tuple[int, int, CueSource]


class Candidate(NamedTuple):
    phrase: int
    spans: Spans
    """Of the phrase's parts, in the folded text."""
    via: str
    """``exact``, ``evasion`` (disguised) or ``sound`` (homophones)."""


class Finder:
    """One automaton with what its patterns mean.

    Phrases of several parts are joined only where all their parts are present: one bit a phrase, one whole number a part
    place, so that a text full of frequent parts (我, 要, 不) costs a few bit operations and not a look at every phrase.
    """

    def __init__(self, patterns: Patterns, rules: CompiledRules) -> None:
        self._automaton = CharwiseDoubleArrayAhoCorasick.deserialize(patterns.automaton)
        self._phrases = rules.phrases
        self._cues = rules.cues
        self._multi = sorted({phrase for target in patterns.targets for phrase, _ in target.parts})
        bit_of = {phrase: 1 << i for i, phrase in enumerate(self._multi)}
        counts = [len(rules.phrases[phrase].glued) for phrase in self._multi]
        self._complete_from = [
            sum(bit_of[p] for p, n in zip(self._multi, counts, strict=True) if n <= place)
            for place in range(max(counts, default=0))
        ]
        """Per part place: the phrases that have no part there, and so lack none."""
        targets = [_Target(target, bit_of) for target in patterns.targets]
        numbers = struct.unpack(f"<{len(patterns.target_of) // 4}i", patterns.target_of)
        self._targets = [targets[n] for n in numbers]

    def find(self, text: str, via: str = "exact") -> tuple[list[Candidate], list[FoundCue]]:
        """All candidates and cues of ``text``."""
        candidates: list[Candidate] = []
        cues: list[FoundCue] = []
        parts: list[tuple[int, int, _Target]] = []
        present = self._complete_from.copy()
        targets = self._targets
        for start, end, pattern in self._automaton.find_overlapping(text):
            target = targets[pattern]
            for phrase in target.singles:
                candidates.append(Candidate(phrase, ((start, end),), via))  # noqa: PERF401  (a generator costs more)
            if target.places:
                parts.append((start, end, target))
                for place, bits in target.places:  # highest first: no part follows itself
                    present[place] |= bits & present[place - 1] if place else bits
            for cue in target.cues:
                cues.append((start, end, self._cues[cue]))  # noqa: PERF401  (as above)
        if parts:
            self._join(text, present, parts, candidates, via)
        return candidates, cues

    def find_patterns(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end and number of every pattern in ``text``."""
        found: list[tuple[int, int, int]] = self._automaton.find_overlapping(text)
        return found

    def join_found(self, text: str, found: list[tuple[int, int, int]], via: str) -> list[Candidate]:
        """The candidates made of patterns that stand where ``found`` says."""
        candidates: list[Candidate] = []
        parts: list[tuple[int, int, _Target]] = []
        present = self._complete_from.copy()
        for start, end, pattern in found:
            target = self._targets[pattern]
            candidates += [Candidate(phrase, ((start, end),), via) for phrase in target.singles]
            if target.places:
                parts.append((start, end, target))
                for place, bits in target.places:
                    present[place] |= bits & present[place - 1] if place else bits
        if parts:
            self._join(text, present, parts, candidates, via)
        return candidates

    def _join(
        self,
        text: str,
        present: list[int],
        parts: list[tuple[int, int, _Target]],
        candidates: list[Candidate],
        via: str,
    ) -> None:
        complete = -1
        for bits in present:
            complete &= bits
        if complete:
            parts = [p for p in parts if p[2].phrases & complete]
        while complete:
            bit = complete.bit_length() - 1
            complete ^= 1 << bit
            phrase = self._multi[bit]
            glued, anchored = self._phrases[phrase].glued, self._phrases[phrase].at_start
            last = len(glued) - 1
            open_: list[list[Spans]] = [[] for _ in range(last)]
            for start, end, target in parts:
                for place in target.places_of.get(phrase, ()):
                    if place == 0:
                        open_[0].append(((start, end),))
                        continue
                    gap = 0 if glued[place] else GAP
                    # nearest first; but an anchored phrase wants the start that reaches furthest back
                    for spans in open_[place - 1] if anchored else reversed(open_[place - 1]):
                        before = spans[-1][1]
                        if before <= start <= before + gap and _clause_ends.isdisjoint(text[before:start]):
                            joined = (*spans[:-1], (spans[-1][0], end)) if gap == 0 else (*spans, (start, end))
                            if place == last:
                                candidates.append(Candidate(phrase, joined, via))
                            else:
                                open_[place].append(joined)
                            break


class _Target:
    """A ``Target`` made ready: its parts as bits by place, and by phrase."""

    __slots__ = ("cues", "phrases", "places", "places_of", "singles")

    def __init__(self, target: Target, bit_of: dict[int, int]) -> None:
        self.singles = target.singles
        self.cues = target.cues
        places: dict[int, int] = {}
        self.places_of: dict[int, tuple[int, ...]] = {}
        for phrase, place in target.parts:
            places[place] = places.get(place, 0) | bit_of[phrase]
            # a later place first, or a pattern that is two parts of a phrase would join with itself
            self.places_of[phrase] = tuple(sorted((*self.places_of.get(phrase, ()), place), reverse=True))
        self.phrases = sum({bit_of[phrase] for phrase in self.places_of})
        self.places = tuple(sorted(places.items(), reverse=True))


class DisguisedFinder:
    """Finds the phrases of evasion rules under inserted signs and disguised spellings (加 v 信)."""

    def __init__(self, rules: CompiledRules) -> None:
        self._finder = Finder(rules.evasive, rules)
        self._spellings = rules.spellings
        self._spelling = _longest_first(rules.spellings)

    def find(self, text: str) -> list[Candidate]:
        """What ``text`` shows only once separators are squeezed out and disguised spellings are undone."""
        plain = _replace(Mapped(text), _separators, lambda _: "") if _separators.search(text) is not None else None
        if self._spelling is not None and self._spelling.search(plain.text if plain else text) is not None:
            plain = _replace(plain or Mapped(text), self._spelling, self._spellings.__getitem__)
        if plain is None:
            return []
        result = []
        for phrase, found, _ in self._finder.find(plain.text)[0]:
            spans = tuple(plain.source_span(s, e) for s, e in found)
            if any(text[s:e] != plain.text[a:b] for (s, e), (a, b) in zip(spans, found, strict=True)):
                result.append(Candidate(phrase, spans, "evasion"))
        return result


class SoundFinder:
    """Finds phrases by their sound: a recogniser's homophones (语算) and syllables in letters (返xian)."""

    def __init__(self, patterns: Patterns, rules: CompiledRules, segmenter: Segmenter) -> None:
        self._finder = Finder(patterns, rules)
        self._spelled = patterns.spelled.split("\n")
        self._segmenter = segmenter
        self._heard_as = rules.heard_as
        self._frequent = frozenset(rules.frequent)

    def find(self, text: str, exact: list[Candidate]) -> list[Candidate]:
        """Those of ``text`` that aren't in ``exact``."""
        heard = by_sound(text)
        found = self._finder.find_patterns(heard.text)
        if not found:
            return []
        standing = []
        misheard = False
        for start, end, pattern in found:
            source = heard.source_span(start, end)
            written = text[source[0] : source[1]]
            spelled = self._spelled[pattern].split("|")
            if written not in spelled:
                if not self._plausible(written, spelled):
                    continue
                misheard = True
            standing.append((*source, pattern))
        if not misheard:
            return []
        known = {(c.phrase, c.spans) for c in exact}
        joined = self._finder.join_found(text, standing, "sound")
        return [c for c in dict.fromkeys(joined) if (c.phrase, c.spans) not in known]

    def _plausible(self, written: str, spelled: list[str]) -> bool:
        """Could a recogniser, or somebody who evades, have written this for one of ``spelled``?

        Not where the characters that differ are frequent ones, or part of a word of their own.
        """
        if written in self._heard_as:
            return True
        in_words: set[int] | None = None
        for spelling in spelled:
            if len(spelling) != len(written):
                return True  # letters for a syllable
            differs = [i for i, c in enumerate(written) if c != spelling[i]]
            if any(written[i] in self._frequent for i in differs):
                continue
            if len(written) >= LONG_ENOUGH and len(differs) == 1:
                return True
            if in_words is None:
                words = self._segmenter.words(written)
                inside = [len(w) > 1 and not w.isascii() for w in words for _ in w]
                in_words = {i for i, is_inside in enumerate(inside) if is_inside}
            if in_words.isdisjoint(differs):
                return True
        return False


def _longest_first(spellings: dict[str, str]) -> re.Pattern[str] | None:
    if not spellings:
        return None
    return re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))))


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
