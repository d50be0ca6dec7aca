"""Rules compiled once: every phrase and cue in one automaton, with tables from pattern to what it can mean."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import msgspec

from pipeline.errors import InputError
from pipeline.matching.phrases import Phrase, PhraseError, literal_digits, parse_phrase
from pipeline.matching.ruleset import RuleSet, Tag, directory_hash, load_rules
from pipeline.matching.schema import CueSource, RuleSource
from pipeline.text.segment import UserWord
from pipeline.text.sound import FIRST_SYLLABLE, by_sound

NOTATION = 8
"""Raise when compiled rules change shape or meaning: a cache of another notation is not used."""

ANY, ALL, NONE, OF = range(4)


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
    """How many ``all`` phrases must be present (each of them)."""
    needs_any: bool
    at_least: int
    plain: bool
    """Only ``any`` phrases: no need to look at the other groups."""


class CompiledPhrase(msgspec.Struct, frozen=True, array_like=True):
    rule: int
    group: int
    """``ANY``, ``ALL``, ``NONE`` or ``OF``."""
    shown: str
    part_count: int
    at_start: bool
    at_end: bool


class Patterns(msgspec.Struct, array_like=True):
    """What an automaton finds: per pattern its phrases' parts ``(phrase, part)`` and, or -1, its cue."""

    texts: list[str]
    parts: list[tuple[tuple[int, int], ...]]
    cues: list[int]
    spelled: list[tuple[str, ...]]
    """Where ``texts`` are syllables: the spellings that sound so."""


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
    sound: Patterns
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
    written = [t for r in source.rules for t, _ in (*r.any, *r.all, *r.none, *r.of)]
    literal = literal_digits([*written, *(w for ws in source.words.values() for w in ws)])
    rules: list[CompiledRule] = []
    phrases: list[CompiledPhrase] = []
    exact: dict[str, list[tuple[int, int]]] = defaultdict(list)
    sound: dict[str, list[tuple[int, int]]] = defaultdict(list)
    spelled: dict[str, list[str]] = defaultdict(list)
    for rule in source.rules:
        if rule.status == "deprecated":
            continue
        for group, lines in ((ANY, rule.any), (ALL, rule.all), (NONE, rule.none), (OF, rule.of)):
            for text, line in lines:
                parsed = _parse(rule, group, text, line, source, literal)
                phrase = len(phrases)
                phrases.append(
                    CompiledPhrase(len(rules), group, parsed.shown, len(parsed.parts), parsed.at_start, parsed.at_end)
                )
                heard_too = rule.sound != "never" and any(_sounds(s) for part in parsed.parts for s in part)
                for k, spellings in enumerate(parsed.parts):
                    for spelling in spellings:
                        exact[spelling].append((phrase, k))
                        if heard_too and (_sounds(spelling) or len(parsed.parts) > 1):
                            heard = by_sound(spelling).text
                            sound[heard].append((phrase, k))
                            spelled[heard].append(spelling)
        rules.append(_compile_rule(rule))
    cue_of = {cue.text: i for i, cue in enumerate(source.cues)}
    texts = sorted(exact.keys() | cue_of.keys())
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
        exact=Patterns(texts, [tuple(exact.get(t, ())) for t in texts], [cue_of.get(t, -1) for t in texts], []),
        sound=Patterns(
            sorted(sound),
            [tuple(sound[t]) for t in sorted(sound)],
            [],
            [tuple(dict.fromkeys(spelled[t])) for t in sorted(sound)],
        ),
        spellings={s: word for word, spellings in source.evasion.spellings.items() for s in spellings},
        heard_as=frozenset(s for spellings in source.evasion.heard_as.values() for s in spellings),
        frequent=source.evasion.frequent,
    )


def _parse(rule: RuleSource, group: int, text: str, line: int, source: RuleSet, literal: frozenset[str]) -> Phrase:
    try:
        return parse_phrase(text, source.words, literal)
    except PhraseError as error:
        field = ("any", "all", "none", "at_least.of")[group]
        raise InputError(
            file=rule.file, line=line, field=f"phrases.{field}", found=repr(text), advice=str(error)
        ) from error


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
        plain=not (rule.all or rule.none or rule.of),
    )


def spelling_pattern(spellings: dict[str, str]) -> re.Pattern[str] | None:
    """Finds any disguised spelling, the longest first."""
    if not spellings:
        return None
    return re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))))
