"""Rules compiled once: every phrase and cue in one automaton, with tables from pattern to what it can mean."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.errors import InputError
from pipeline.matching.phrases import PhraseError, literal_digits, parse_phrase
from pipeline.matching.ruleset import RuleSet, Tag, directory_hash, load_rules
from pipeline.matching.schema import CueSource, RuleSource
from pipeline.text.segment import UserWord
from pipeline.text.sound import FIRST_SYLLABLE, by_sound

NOTATION = 17
"""Raise when compiled rules change shape or meaning: a cache of another notation is not used."""

ANY, ALL, NONE, OF = range(4)
Part = tuple[int, int]
"""A phrase and the place of a part in it."""


class CompiledRule(msgspec.Struct, frozen=True, array_like=True):
    rule_id: str
    version: str
    title: str
    status: str
    tags: tuple[str, ...]
    asks: str | None
    effect: str
    role: str
    channels: tuple[str, ...]
    min_length: int
    max_length: int
    asked: tuple[str, ...]
    not_asked: tuple[str, ...]
    ignores: frozenset[str]
    borders: bool
    evasion: bool
    sound: str
    all_count: int
    """How many ``all`` phrases there are, each of which must be present."""
    needs_any: bool
    at_least: int
    plain: bool
    """Neither ``all`` nor ``at_least``: every candidate decides."""


class CompiledPhrase(msgspec.Struct, frozen=True, array_like=True):
    rule: int
    group: int
    """``ANY``, ``ALL``, ``NONE`` or ``OF``."""
    shown: str
    glued: tuple[bool, ...]
    """Per part: does it follow the one before without a gap?"""
    at_start: bool
    at_end: bool


class Target(msgspec.Struct, frozen=True, array_like=True):
    """What finding a pattern means: whole phrases, parts of phrases ``(phrase, part)``, cues."""

    singles: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]
    cues: tuple[int, ...] = ()
    """One word may be a cue of one verdict and a look-alike of another's (能不能 asks, and is no 不能)."""


class Patterns(msgspec.Struct, array_like=True):
    """An automaton and what its patterns mean. A phrase with alternatives has thousands of patterns but few targets, so
    that the tables stay small: pattern → (``target_of``, int32 little-endian) → target."""

    automaton: bytes
    target_of: bytes
    targets: list[Target]
    spelled: str = ""
    """Where the patterns are syllables: the spellings that sound so, ``|`` between spellings, a line a pattern."""


class CompiledRules(msgspec.Struct, array_like=True):
    notation: int
    content_hash: str
    tags: dict[str, Tag]
    dimensions: dict[str, str]
    user_words: tuple[UserWord, ...]
    rules: list[CompiledRule]
    phrases: list[CompiledPhrase]
    cues: list[CueSource]
    literal: frozenset[str]
    exact: Patterns
    agents: Patterns
    """Only the rules that read agents' turns."""
    evasive: Patterns
    """Only the rules with ``evasion: true``."""
    sound_in_calls: Patterns
    sound_always: Patterns
    """By syllables: the rules that are heard in calls, and those heard on every channel."""
    spellings: dict[str, str]
    """Disguised spelling → the word it stands for."""
    heard_as: frozenset[str]
    frequent: str


def compile_directory(directory: Path, cache: Path | None = None) -> CompiledRules:
    """The compiled rules of ``directory``, from ``cache`` (a folder) where their content was compiled before.

    Raises ``InputError`` for the first rule that is wrong.
    """
    content_hash = directory_hash(directory)
    kept = cache / f"rules-{NOTATION}-{content_hash}.msgpack" if cache is not None else None
    if kept is not None:
        try:
            compiled = msgspec.msgpack.decode(kept.read_bytes(), type=CompiledRules)
            if compiled.notation == NOTATION and compiled.content_hash == content_hash:
                return compiled
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            pass  # no cache, or a damaged one: compile again
    compiled = compile_rules(load_rules(directory), content_hash)
    if kept is not None:
        _keep(kept, msgspec.msgpack.encode(compiled))
    return compiled


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{id(content):x}.part")
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        pass  # a cache that can't be written costs time, nothing else


def compile_rules(source: RuleSet, content_hash: str) -> CompiledRules:
    """Raises ``InputError`` naming the line of a phrase that can't be read."""
    problem = next(phrase_problems(source), None)
    if problem is not None:
        raise problem
    literal = _literal(source)
    rules: list[CompiledRule] = []
    phrases: list[CompiledPhrase] = []
    found: dict[str, list[Part]] = defaultdict(list)
    heard: dict[str, list[Part]] = defaultdict(list)
    spelled: dict[str, dict[str, None]] = defaultdict(dict)
    for rule in source.rules:
        if rule.status == "deprecated":
            continue
        for group, lines in ((ANY, rule.any), (ALL, rule.all), (NONE, rule.none), (OF, rule.of)):
            for text, _ in lines:
                for parsed in parse_phrase(text, source.words, literal):
                    phrase = len(phrases)
                    phrases.append(
                        CompiledPhrase(len(rules), group, parsed.shown, parsed.glued, parsed.at_start, parsed.at_end)
                    )
                    heard_too = rule.sound != "never" and any(_sounds(s) for part in parsed.parts for s in part)
                    for place, spelling in ((k, s) for k, part in enumerate(parsed.parts) for s in part):
                        found[spelling].append((phrase, place))
                        if heard_too and (_sounds(spelling) or len(parsed.parts) > 1):
                            sound = by_sound(spelling).text
                            heard[sound].append((phrase, place))
                            spelled[sound][spelling] = None
        rules.append(_compile_rule(rule))
    cues_of: dict[str, list[int]] = defaultdict(list)
    for i, cue in enumerate(source.cues):
        cues_of[cue.text].append(i)

    def select(table: dict[str, list[Part]], wanted: Callable[[CompiledRule], bool]) -> dict[str, list[Part]]:
        chosen = {t: [p for p in parts if wanted(rules[phrases[p[0]].rule])] for t, parts in table.items()}
        return {t: parts for t, parts in chosen.items() if parts}

    return CompiledRules(
        notation=NOTATION,
        content_hash=content_hash,
        tags=source.tags,
        dimensions=source.dimensions,
        user_words=source.user_words,
        rules=rules,
        phrases=phrases,
        cues=list(source.cues),
        literal=literal,
        exact=_patterns(found, cues_of, phrases),
        agents=_patterns(select(found, lambda r: r.role == "agent"), cues_of, phrases),
        evasive=_patterns(select(found, lambda r: r.evasion), {}, phrases),
        sound_in_calls=_patterns(select(heard, lambda r: r.sound != "never"), {}, phrases, spelled),
        sound_always=_patterns(select(heard, lambda r: r.sound == "always"), {}, phrases, spelled),
        spellings={s: word for word, spellings in source.evasion.spellings.items() for s in spellings},
        heard_as=frozenset(s for spellings in source.evasion.heard_as.values() for s in spellings),
        frequent=source.evasion.frequent,
    )


def _patterns(
    found: dict[str, list[Part]],
    cues_of: dict[str, list[int]],
    phrases: list[CompiledPhrase],
    spelled: dict[str, dict[str, None]] | None = None,
) -> Patterns:
    texts = sorted(found.keys() | cues_of.keys()) or ["\ue0ff"]  # an empty automaton is refused
    numbers: dict[Target, int] = {}
    target_of = []
    for text in texts:
        parts = dict.fromkeys(found.get(text, ()))
        target = Target(
            singles=tuple(p for p, _ in parts if len(phrases[p].glued) == 1),
            parts=tuple(p for p in parts if len(phrases[p[0]].glued) > 1),
            cues=tuple(cues_of.get(text, ())),
        )
        target_of.append(numbers.setdefault(target, len(numbers)))
    return Patterns(
        automaton=CharwiseDoubleArrayAhoCorasick(texts).serialize(),
        target_of=struct.pack(f"<{len(target_of)}i", *target_of),
        targets=list(numbers),
        spelled="\n".join("|".join(spelled[t]) for t in texts if t in found) if spelled else "",
    )


def _literal(source: RuleSet) -> frozenset[str]:
    written = [t for r in source.rules for t, _ in (*r.any, *r.all, *r.none, *r.of)]
    return literal_digits([*written, *(w for ws in source.words.values() for w in ws)])


def phrase_problems(source: RuleSet) -> Iterator[InputError]:
    """One error for each phrase that can't be read."""
    literal = _literal(source)
    for rule in source.rules:
        for field, lines in (("any", rule.any), ("all", rule.all), ("none", rule.none), ("at_least.of", rule.of)):
            for text, line in lines:
                try:
                    parse_phrase(text, source.words, literal)
                except PhraseError as error:
                    yield InputError(
                        file=rule.file, line=line, field=f"phrases.{field}", found=repr(text), advice=str(error)
                    )


def _sounds(spelling: str) -> bool:
    """Long enough, and made only of syllables: a single syllable would sound like too much else."""
    return len(spelling) > 1 and all(ord(c) >= FIRST_SYLLABLE for c in by_sound(spelling).text)


def _compile_rule(rule: RuleSource) -> CompiledRule:
    return CompiledRule(
        rule_id=rule.rule_id,
        version=rule.version,
        title=rule.title,
        status=rule.status,
        tags=rule.tags,
        asks=rule.asks,
        effect=rule.effect,
        role=rule.role,
        channels=rule.channels,
        min_length=rule.min_length,
        max_length=rule.max_length if rule.max_length is not None else 1 << 30,
        asked=rule.asked,
        not_asked=rule.not_asked,
        ignores=rule.ignores,
        borders=rule.borders,
        evasion=rule.evasion,
        sound=rule.sound,
        all_count=len(rule.all),
        needs_any=bool(rule.any),
        at_least=rule.at_least,
        plain=not (rule.all or rule.of),
    )
