"""Rules compiled once: every phrase and cue in one automaton, with tables from pattern to what it can mean."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import msgspec
from daachorse import CharwiseDoubleArrayAhoCorasick

from pipeline.errors import InputError
from pipeline.matching.phrases import PhraseError, literal_digits, parse_phrase
from pipeline.matching.ruleset import RuleSet, Tag, directory_hash, load_rules
from pipeline.matching.schema import CueSource, RuleSource
from pipeline.text.segment import UserWord
from pipeline.text.sound import FIRST_SYLLABLE, by_sound

KEPT_RULE_SETS = 4
NOTATION = 23
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
    """How many ``all`` phrases there are, each of which must be present."""
    at_least: int
    conditional: bool
    """Has ``all``, ``at_least`` or ``none``."""


class CompiledPhrase(msgspec.Struct, frozen=True, array_like=True):
    rule: int
    group: int
    """``ANY``, ``ALL``, ``NONE`` or ``OF``."""
    shown: str
    parts: tuple[str, ...]
    """Per part its spellings, ``|`` between them; empty where there is one part only: its spellings are patterns."""
    glued: tuple[bool, ...]
    """Per part: does it follow the one before without a gap?"""
    trigger: int
    """The part that the automaton looks for: the rarest. The others are looked for around it."""
    at_start: bool
    at_end: bool


class Target(msgspec.Struct, frozen=True, array_like=True):
    """What finding a pattern means: phrases (those of one part first, then those whose trigger it is), and cues."""

    phrases: tuple[int, ...] = ()
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
    cue_patterns: Patterns
    exact: Patterns
    agents: Patterns
    """Only the rules that read agents' turns."""
    evasive: Patterns
    """Only the rules with ``evasion: true``."""
    sound_in_calls: Patterns
    sound_always: Patterns
    """By syllables: the rules that are heard in calls, and those heard on every channel."""
    conditions: Patterns
    """The phrases that don't decide but have to be there, or must not (``none``, and ``all`` and ``at_least``
    beside ``any``). Looked at only once a deciding phrase is there."""
    spellings: dict[str, str]
    """Disguised spelling → the word it stands for."""
    heard_as: frozenset[str]
    frequent: str

    def forget_patterns(self) -> None:
        """Lets go of what finders were made of: tens of megabytes that nobody reads again."""
        for name in ("cue_patterns", "exact", "agents", "evasive", "sound_in_calls", "sound_always", "conditions"):
            setattr(self, name, Patterns(b"", b"", []))


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
        kept = sorted(path.parent.glob("rules-*.msgpack"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in kept[KEPT_RULE_SETS:]:
            old.unlink()
    except OSError:
        pass  # a cache that can't be written, or that another process cleans, costs time and nothing else


def compile_rules(source: RuleSet, content_hash: str) -> CompiledRules:
    """Raises ``InputError`` naming the line of a phrase that can't be read."""
    problem = next(phrase_problems(source), None)
    if problem is not None:
        raise problem
    literal = _literal(source)
    rules: list[CompiledRule] = []
    phrases: list[CompiledPhrase] = []
    found: dict[str, list[int]] = defaultdict(list)
    heard: dict[str, list[int]] = defaultdict(list)
    spelled: dict[str, dict[str, None]] = defaultdict(dict)
    waiting: dict[str, list[int]] = defaultdict(list)
    frequency = _frequency()
    for rule in source.rules:
        if rule.status == "deprecated":
            continue
        for group, lines in ((ANY, rule.any), (ALL, rule.all), (NONE, rule.none), (OF, rule.of)):
            decides = group == ANY or (group != NONE and not rule.any)
            for parsed in (p for text, _ in lines for p in parse_phrase(text, source.words, literal)):
                expected = [sum(frequency.get(s, 0.1 ** len(s)) for s in part) for part in parsed.parts]
                trigger = expected.index(min(expected))
                phrase = CompiledPhrase(
                    rule=len(rules),
                    group=group,
                    shown=parsed.shown,
                    parts=tuple("|".join(part) for part in parsed.parts) if len(parsed.parts) > 1 else (),
                    glued=parsed.glued,
                    trigger=trigger,
                    at_start=parsed.at_start,
                    at_end=parsed.at_end,
                )
                heard_too = rule.sound != "never" and any(_sounds(s) for part in parsed.parts for s in part)
                for spelling in parsed.parts[trigger]:
                    (found if decides else waiting)[spelling].append(len(phrases))
                    if decides and heard_too and (_sounds(spelling) or len(parsed.parts) > 1):
                        sound = by_sound(spelling).text
                        heard[sound].append(len(phrases))
                        spelled[sound][spelling] = None
                phrases.append(phrase)
        rules.append(_compile_rule(rule))
    cues_of: dict[str, list[int]] = defaultdict(list)
    for i, cue in enumerate(source.cues):
        cues_of[cue.text].append(i)

    def select(table: dict[str, list[int]], wanted: Callable[[CompiledRule], bool]) -> dict[str, list[int]]:
        chosen = {t: [p for p in of if wanted(rules[phrases[p].rule])] for t, of in table.items()}
        return {t: of for t, of in chosen.items() if of}

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
        cue_patterns=_patterns({t: Target(cues=tuple(cues)) for t, cues in cues_of.items()}),
        exact=_phrase_patterns(found, phrases),
        agents=_phrase_patterns(select(found, lambda r: r.role == "agent"), phrases),
        evasive=_phrase_patterns(select(found, lambda r: r.evasion), phrases),
        sound_in_calls=_phrase_patterns(select(heard, lambda r: r.sound != "never"), phrases, spelled),
        sound_always=_phrase_patterns(select(heard, lambda r: r.sound == "always"), phrases, spelled),
        conditions=_phrase_patterns(waiting, phrases),
        spellings={s: word for word, spellings in source.evasion.spellings.items() for s in spellings},
        heard_as=frozenset(s for spellings in source.evasion.heard_as.values() for s in spellings),
        frequent=source.evasion.frequent,
    )


def _frequency() -> dict[str, float]:
    """In what share of texts a frequent stretch of one to three characters occurs. Decides speed only, no result."""
    lines = resources.files("pipeline.matching").joinpath("frequency.txt").read_text(encoding="utf-8").splitlines()
    return {gram: int(per_mille) / 1000 for gram, per_mille in (line.split("\t") for line in lines)}


def _phrase_patterns(
    found: dict[str, list[int]], phrases: list[CompiledPhrase], spelled: dict[str, dict[str, None]] | None = None
) -> Patterns:
    targets = {}
    for text, of in found.items():
        unique = dict.fromkeys(of)
        targets[text] = Target(phrases=tuple(sorted(unique, key=lambda p: bool(phrases[p].parts))))
    return _patterns(targets, spelled)


def _patterns(meaning: dict[str, Target], spelled: dict[str, dict[str, None]] | None = None) -> Patterns:
    texts = sorted(meaning)
    numbers: dict[Target, int] = {}
    target_of = [numbers.setdefault(meaning[text], len(numbers)) for text in texts]
    return Patterns(
        automaton=CharwiseDoubleArrayAhoCorasick(texts).serialize() if texts else b"",
        target_of=struct.pack(f"<{len(target_of)}i", *target_of),
        targets=list(numbers),
        spelled="\n".join("|".join(spelled[t]) for t in texts) if spelled else "",
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
        at_least=rule.at_least,
        conditional=bool(rule.all or rule.of or rule.none),
    )
