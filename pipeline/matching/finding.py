"""Finds every candidate phrase of a text in one pass of an automaton: as written, disguised, or by its sound."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.matching.compiled import CompiledRule, CompiledRules, Patterns, Target
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

    Of a phrase of several parts the automaton knows the rarest only; the others are looked for around it. So frequent
    parts (我, 要, 一) cost nothing until a rare one is there.
    """

    def __init__(self, patterns: Patterns, rules: CompiledRules, spell: Callable[[str], str] = str) -> None:
        """``spell`` turns a spelling into what it looks like in the texts searched (its sound, for a sound finder)."""
        self._automaton = CharwiseDoubleArrayAhoCorasick.deserialize(patterns.automaton) if patterns.automaton else None
        self._phrases = rules.phrases
        self._spell = spell
        self._parts: dict[int, list[_Part]] = {}
        numbers = struct.unpack(f"<{len(patterns.target_of) // 4}i", patterns.target_of)
        self._rules = rules.rules
        self._targets: list[Target] = [patterns.targets[n] for n in numbers]

    def hits(self, text: str) -> list[tuple[int, int, int]]:
        """Start, end and pattern of everything the automaton finds."""
        if self._automaton is None:
            return []
        found: list[tuple[int, int, int]] = self._automaton.find_overlapping(text)
        return found

    def target(self, pattern: int) -> Target:
        return self._targets[pattern]

    def find(self, text: str, asked: frozenset[str], only: Collection[int] | None = None) -> list[Candidate]:
        """All candidates of ``text``, but of rules that the text's length or the topics asked rule out anyway, or that
        aren't among ``only``."""
        return [candidate for candidate, _ in self.find_patterns(text, asked, "exact", only)]

    def find_patterns(
        self, text: str, asked: frozenset[str], via: str, only: Collection[int] | None = None
    ) -> list[tuple[Candidate, int]]:
        """The same, each candidate with the pattern that led to it."""
        found: list[tuple[Candidate, int]] = []
        targets, phrases, rules = self._targets, self._phrases, self._rules
        size = len(text)
        live: dict[int, bool] = {}
        for start, end, pattern in self.hits(text):
            for phrase in targets[pattern].phrases:
                number = phrases[phrase].rule
                if number not in live:
                    live[number] = (only is None or number in only) and _may_fire(rules[number], size, asked)
                if live[number]:
                    spans = self._complete(phrase, text, start, end) if phrases[phrase].parts else ((start, end),)
                    if spans is not None:
                        found.append((Candidate(phrase, spans, via), pattern))
        return found

    def _complete(self, number: int, text: str, start: int, end: int) -> Spans | None:
        """The spans of the phrase whose trigger stands at ``[start, end)``, glued parts as one."""
        phrase = self._phrases[number]
        if phrase.at_start and phrase.trigger == 0 and start and text[start - 1].isalnum():
            return None
        parts = self._parts.get(number)
        if parts is None:
            parts = self._parts[number] = [_Part(map(self._spell, p.split("|"))) for p in phrase.parts]
        left = _before(parts, phrase.glued, phrase.trigger - 1, text, start)
        if left is None:
            return None
        right = _behind(parts, phrase.glued, phrase.trigger + 1, text, end)
        if right is None:
            return None
        pieces: list[tuple[int, int]] = []
        for span, glued in zip((*left, (start, end), *right), phrase.glued, strict=True):
            if glued:
                pieces[-1] = (pieces[-1][0], span[1])
            else:
                pieces.append(span)
        return tuple(pieces)


def _may_fire(rule: CompiledRule, size: int, asked: frozenset[str]) -> bool:
    return rule.min_length <= size <= rule.max_length and (not rule.asked or not asked.isdisjoint(rule.asked))


class _Part:
    """The spellings of a part, how long they are (longest first), and the characters they start and end with."""

    __slots__ = ("first", "last", "lengths", "spellings")

    def __init__(self, spellings: Iterable[str]) -> None:
        self.spellings = frozenset(spellings)
        self.first = frozenset(s[0] for s in self.spellings)
        self.last = frozenset(s[-1] for s in self.spellings)
        self.lengths = sorted({len(s) for s in self.spellings}, reverse=True)


def _before(parts: list[_Part], glued: tuple[bool, ...], place: int, text: str, start: int) -> Spans | None:
    """Spans of the parts up to ``place`` that end at or shortly before ``start``, the nearest and longest that fit."""
    if place < 0:
        return ()
    part = parts[place]
    last = part.last
    for end in range(start, max(0, start - (0 if glued[place + 1] else GAP)) - 1, -1):
        if end < start and text[end] in _clause_ends:
            break
        if end and text[end - 1] in last:
            for length in part.lengths:
                if length <= end and text[end - length : end] in part.spellings:
                    rest = _before(parts, glued, place - 1, text, end - length)
                    if rest is not None:
                        return (*rest, (end - length, end))
    return None


def _behind(parts: list[_Part], glued: tuple[bool, ...], place: int, text: str, end: int) -> Spans | None:
    """Spans of the parts from ``place`` on that start at or shortly behind ``end``."""
    if place == len(parts):
        return ()
    part = parts[place]
    first = part.first
    size = len(text)
    for start in range(end, min(size, end + (0 if glued[place] else GAP) + 1)):
        if start > end and text[start - 1] in _clause_ends:
            break
        if text[start] in first:
            for length in part.lengths:
                if start + length <= size and text[start : start + length] in part.spellings:
                    rest = _behind(parts, glued, place + 1, text, start + length)
                    if rest is not None:
                        return ((start, start + length), *rest)
    return None


class CueFinder:
    """Finds the words that may take a hit back."""

    def __init__(self, rules: CompiledRules) -> None:
        self._finder = Finder(rules.cue_patterns, rules)
        self._cues = rules.cues

    def find(self, text: str) -> list[FoundCue]:
        return [(s, e, self._cues[c]) for s, e, p in self._finder.hits(text) for c in self._finder.target(p).cues]


class DisguisedFinder:
    """Finds the phrases of evasion rules under inserted signs and disguised spellings (加 v 信)."""

    def __init__(self, rules: CompiledRules) -> None:
        self._finder = Finder(rules.evasive, rules)
        self._spellings = rules.spellings
        self._spelling = _longest_first(rules.spellings)
        self._any_spelling = CharwiseDoubleArrayAhoCorasick(sorted(rules.spellings)) if rules.spellings else None

    def find(self, text: str, asked: frozenset[str]) -> list[Candidate]:
        """What ``text`` shows only once separators are squeezed out and disguised spellings are undone."""
        squeezed = _separators.sub("", text)
        disguised = self._any_spelling is not None and bool(self._any_spelling.find(squeezed))
        if squeezed == text and not disguised:
            return []
        undone = self._spelling.sub(lambda m: self._spellings[m[0]], squeezed) if disguised else squeezed
        if not self._finder.hits(undone):  # found out before anything is mapped back, which costs ten times more
            return []
        plain = _replace(Mapped(text), _separators, lambda _: "")
        if disguised:
            plain = _replace(plain, self._spelling, self._spellings.__getitem__)
        result = []
        for phrase, found, _ in self._finder.find(plain.text, asked):
            spans = tuple(plain.source_span(s, e) for s, e in found)
            if any(text[s:e] != plain.text[a:b] for (s, e), (a, b) in zip(spans, found, strict=True)):
                result.append(Candidate(phrase, spans, "evasion"))
        return result


class SoundFinder:
    """Finds phrases by their sound: a recogniser's homophones (语算) and syllables in letters (返xian)."""

    def __init__(self, patterns: Patterns, rules: CompiledRules, segmenter: Segmenter) -> None:
        self._finder = Finder(patterns, rules, lambda spelling: by_sound(spelling).text)
        self._nothing = not patterns.targets
        self._spelled = patterns.spelled.split("\n")
        self._phrases = rules.phrases
        self._segmenter = segmenter
        self._heard_as = rules.heard_as
        self._frequent = frozenset(rules.frequent)

    def find(self, text: str, asked: frozenset[str], exact: list[Candidate]) -> list[Candidate]:
        """Those of ``text`` that aren't in ``exact``."""
        if self._nothing:
            return []
        heard = by_sound(text)
        known = {(c.phrase, c.spans) for c in exact}
        result: dict[Candidate, None] = {}
        for (phrase, found, via), pattern in self._finder.find_patterns(heard.text, asked, "sound"):
            spans = tuple(heard.source_span(s, e) for s, e in found)
            if (phrase, spans) not in known and self._misheard(text, phrase, spans, pattern):
                result[Candidate(phrase, spans, via)] = None
        return list(result)

    def _misheard(self, text: str, phrase: int, spans: Spans, pattern: int) -> bool:
        """Is each piece as the phrase writes it, or a plausible homophone?"""
        parts, glued = self._phrases[phrase].parts, self._phrases[phrase].glued
        if not parts:
            written = text[spans[0][0] : spans[0][1]]
            return self._plausible(written, self._spelled[pattern].split("|"))
        pieces: list[list[str]] = []
        for part, is_glued in zip(parts, glued, strict=True):
            if is_glued:  # a piece of several parts is judged by its own characters alone
                pieces[-1] = []
            else:
                pieces.append(part.split("|"))
        for (start, end), spelled in zip(spans, pieces, strict=True):
            written = text[start:end]
            if not spelled or written in spelled:
                continue
            sound = by_sound(written).text
            if not self._plausible(written, [s for s in spelled if by_sound(s).text == sound]):
                return False
        return any(spelled and text[s:e] not in spelled for (s, e), spelled in zip(spans, pieces, strict=True))

    def _plausible(self, written: str, spelled: list[str]) -> bool:
        """Could a recogniser, or somebody who evades, have written this for one of ``spelled``?

        Not where the characters that differ are frequent ones, or part of a word of their own.
        """
        if written in spelled:
            return False
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


def _longest_first(spellings: dict[str, str]) -> re.Pattern[str]:
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
