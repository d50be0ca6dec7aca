"""A rules directory, read and checked: vocabulary, word lists, dictionary, scope cues, evasion table, rules."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import InputError
from pipeline.matching.phrases import MOST_SPELLINGS
from pipeline.matching.places import Places, load_yaml
from pipeline.matching.schema import CueSource, RuleSource, parse_cues, parse_rule
from pipeline.text.segment import UserWord

NOT_RULES = frozenset(["scope", "words"])
"""Folders of a rules directory that hold no rules; files at its top hold none either."""


class Tag(msgspec.Struct, frozen=True):
    """A tag of ``rules/vocabulary.yml``. ``asks``/``supposes``: a question / a condition asserts it too."""

    dimension: str
    name: str
    asks: bool = False
    supposes: bool = False
    implies: tuple[str, ...] = ()
    """Tags that come with it (a threat is also ``negative``)."""


class Evasion(msgspec.Struct, frozen=True):
    """How words are disguised: ``spellings`` of a word, homophones recognisers write (``heard_as``), and the frequent
    characters that are never taken for another of the same sound."""

    spellings: dict[str, list[str]] = {}
    heard_as: dict[str, list[str]] = {}
    frequent: str = ""


class RuleSet(msgspec.Struct, frozen=True):
    tags: dict[str, Tag]
    dimensions: dict[str, str]
    words: dict[str, list[str]]
    user_words: tuple[UserWord, ...]
    cues: tuple[CueSource, ...]
    evasion: Evasion
    rules: tuple[RuleSource, ...]


def rule_files(directory: Path) -> list[Path]:
    """The rule files below ``directory``, in a stable order."""
    return sorted(
        p for p in directory.rglob("*.yml") if p.parent != directory and p.relative_to(directory).parts[0] not in NOT_RULES
    )


def directory_hash(directory: Path) -> str:
    """A hash of every file that a compiled rule set depends on. Raises ``InputError`` where the directory is missing."""
    if not directory.is_dir():
        raise InputError(file=str(directory), found="no directory", advice="name a rules directory with --rules")
    digest = hashlib.sha256()
    try:
        for path in sorted([*directory.rglob("*.yml"), *directory.glob("*.txt")]):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(directory).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    except OSError as error:
        raise InputError(file=error.filename, found=error.strerror, advice="make the rules readable") from error
    return digest.hexdigest()[:16]


def load_rules(directory: Path) -> RuleSet:
    """Raises ``InputError`` for the first thing that is wrong."""
    problems: list[InputError] = []
    rules = read_rules(directory, problems)
    if problems:
        raise problems[0]
    return rules


def read_rules(directory: Path, problems: list[InputError]) -> RuleSet:
    """The rule set; broken rule files are left out and added to ``problems``. Raises where nothing can go on."""
    if not directory.is_dir():
        raise InputError(file=str(directory), found="no directory", advice="name a rules directory with --rules")
    tags, dimensions = _vocabulary(directory)
    cues = [cue for path in sorted((directory / "scope").glob("*.yml")) for cue in parse_cues(*_load(directory, path))]
    rules = []
    for path in rule_files(directory):
        rule_id = path.relative_to(directory).with_suffix("").as_posix()
        try:
            version = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
            data, places = _load(directory, path)
            rules.append(parse_rule(data, places, rule_id, version, tags))
        except InputError as problem:
            problems.append(problem)
    return RuleSet(
        tags=tags,
        dimensions=dimensions,
        words=_words(directory),
        user_words=_user_words(directory),
        cues=tuple(cues),
        evasion=_evasion(directory),
        rules=tuple(rules),
    )


def _load(directory: Path, path: Path) -> tuple[Any, Places]:
    return load_yaml(path, f"{directory.name}/{path.relative_to(directory).as_posix()}")


def _convert(data: Any, places: Places, kind: Any, path: tuple[str | int, ...]) -> Any:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        inner = [int(p) if p.isdigit() else p for p in re.findall(r"[\w]+", message.partition(" - at `")[2].rstrip("`"))]
        inner = [p for p in inner if p != "___"]
        raise places.error((*path, *inner), message.partition(" - at ")[0], "see docs/rules.md") from error


def _vocabulary(directory: Path) -> tuple[dict[str, Tag], dict[str, str]]:
    data, places = _load(directory, directory / "vocabulary.yml")
    if not isinstance(data, dict) or not isinstance(data.get("tags"), dict):
        raise places.error(("tags",), None, "write tags: as a mapping")
    dimensions: dict[str, str] = _convert(data.get("dimensions", {}), places, dict[str, str], ("dimensions",))
    tags: dict[str, Tag] = {}
    for name, entry in data["tags"].items():
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise places.error(("tags", name), name, "name a tag in lower-case letters, digits and _")
        tags[name] = tag = _convert(entry, places, Tag, ("tags", name))
        if tag.dimension not in dimensions:
            raise places.error(("tags", name), tag.dimension, f"use a dimension: {', '.join(dimensions)}")
    return tags, dimensions


def _words(directory: Path) -> dict[str, list[str]]:
    """The word lists of ``rules/words/*.yml``; a name may stand in one file only."""
    words: dict[str, list[str]] = {}
    for path in [*directory.glob("words.yml"), *sorted((directory / "words").glob("*.yml"))]:
        data, places = _load(directory, path)
        lists: dict[str, list[str]] = _convert(data, places, dict[str, list[str]], ())
        for name, items in lists.items():
            if name in words:
                raise places.error((name,), name, "another file has a list of that name: choose another name")
            if not items or len(items) > MOST_SPELLINGS:
                raise places.error((name,), f"{len(items)} words", f"list 1 to {MOST_SPELLINGS} words")
            words[name] = items
    return words


def _evasion(directory: Path) -> Evasion:
    path = directory / "evasion.yml"
    if not path.exists():
        return Evasion()
    data, places = _load(directory, path)
    table: Evasion = _convert(data, places, Evasion, ())
    return table


def _user_words(directory: Path) -> tuple[UserWord, ...]:
    """``rules/dictionary.txt``: word, frequency and part of speech a line, as jieba's own user dictionaries."""
    path = directory / "dictionary.txt"
    if not path.exists():
        return ()
    words = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        if len(fields) != 3 or not fields[1].isdigit():
            raise InputError(
                file=f"{directory.name}/dictionary.txt",
                line=number,
                found=repr(line),
                advice="write: word frequency tag",
            )
        words.append(UserWord(fields[0], int(fields[1]), fields[2]))
    return tuple(words)
