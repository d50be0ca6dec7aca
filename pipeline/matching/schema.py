"""What a rule, a scope file and a word list may say; each checked by hand, so that every error names its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from pipeline.matching.places import Places

Status = Literal["experimental", "test", "stable", "deprecated"]
Effect = Literal["assert", "support", "forbid"]
Verdict = Literal["kept", "inside_word", "wrong_role", "denied", "asked", "supposed", "reported", "quoted"]
ScopeVerdict = Literal["denied", "asked", "supposed", "reported", "quoted"]
Sound = Literal["never", "calls", "always"]
SCOPE_VERDICTS: tuple[str, ...] = get_args(ScopeVerdict)
CHANNELS = ("call", "chat", "group_chat")
ROLES = ("customer", "agent")


class Example(msgspec.Struct, frozen=True):
    text: str
    line: int
    role: str = "customer"
    channel: str = "chat"
    context: tuple[str, ...] = ()


class RuleSource(msgspec.Struct, frozen=True):
    """A rule as its author wrote it; phrases are still unparsed, each with its line."""

    rule_id: str
    version: str
    file: str
    title: str
    status: Status
    tags: tuple[str, ...]
    asks: str | None
    effect: Effect
    role: str
    channels: tuple[str, ...]
    min_length: int
    max_length: int | None
    asked: tuple[str, ...]
    not_asked: tuple[str, ...]
    any: tuple[tuple[str, int], ...]
    all: tuple[tuple[str, int], ...]
    none: tuple[tuple[str, int], ...]
    of: tuple[tuple[str, int], ...]
    at_least: int
    ignores: frozenset[str]
    """Scope verdicts that this rule doesn't heed."""
    borders: bool
    evasion: bool
    sound: Sound
    match: tuple[Example, ...]
    no_match: tuple[Example, ...]


class CueSource(msgspec.Struct, frozen=True, array_like=True):
    """A cue of a scope file: where it stands (before or after the hit) and how far it reaches, in characters."""

    text: str
    verdict: str
    """A scope verdict; ``ends`` for a terminator; ``nothing`` for a look-alike that is no cue."""
    side: Literal["before", "after", "around"]
    reach: int
    sentence: bool
    """Reaches over clause borders to the end of the sentence."""


_RULE_KEYS = (
    *("title", "status", "tag", "tags", "asks", "effect", "role", "channels", "length", "context"),
    *("phrases", "scope", "borders", "evasion", "sound", "examples", "note"),
)


def parse_rule(data: Any, places: Places, rule_id: str, version: str, tags: Mapping[str, Any]) -> RuleSource:
    """Raises ``InputError`` naming the line for anything that doesn't fit."""
    read = _Reader(places, data, ())
    read.only(_RULE_KEYS)
    names = read.strings("tags") if "tags" in data else [read.string("tag")] if "tag" in data else []
    for name in names:
        if name not in tags:
            raise read.error(("tag",) if "tag" in data else ("tags",), name, "use a tag of rules/vocabulary.yml")
    asks = read.string("asks") if "asks" in data else None
    role = read.choice("role", ROLES, "agent" if asks else "customer")
    if bool(names) == bool(asks):
        raise read.error((), None, "give a rule either tag (or tags), or, for an agent's question, asks")
    phrases = _Reader(places, read.mapping("phrases"), ("phrases",))
    phrases.only(["any", "all", "none", "at_least"])
    of = _Reader(places, phrases.mapping("at_least"), ("phrases", "at_least"))
    of.only(["count", "of"])
    length = _Reader(places, read.mapping("length"), ("length",))
    length.only(["min", "max"])
    context = _Reader(places, read.mapping("context"), ("context",))
    context.only(["asked", "not_asked"])
    scope = _Reader(places, read.mapping("scope"), ("scope",))
    scope.only(SCOPE_VERDICTS)
    examples = _Reader(places, read.mapping("examples"), ("examples",))
    examples.only(["match", "no_match"])
    rule = RuleSource(
        rule_id=rule_id,
        version=version,
        file=places.file,
        title=read.string("title"),
        status=read.choice("status", get_args(Status), None),  # type: ignore[arg-type]  # checked against the same list
        tags=tuple(names),
        asks=asks,
        effect=read.choice("effect", get_args(Effect), "assert"),  # type: ignore[arg-type]  # as above
        role=role,
        channels=tuple(read.choices("channels", CHANNELS)) or CHANNELS,
        min_length=length.number("min", 0),
        max_length=length.number("max", None) if "max" in length.data else None,
        asked=tuple(context.strings("asked")),
        not_asked=tuple(context.strings("not_asked")),
        any=phrases.lines("any"),
        all=phrases.lines("all"),
        none=phrases.lines("none"),
        of=of.lines("of"),
        at_least=of.number("count", 1) if of.data else 0,
        ignores=frozenset(k for k in scope.data if scope.choice(k, ("keep", "drop"), None) == "keep")
        | _kept_by_vocabulary(names, tags, {k for k in scope.data if scope.data[k] == "drop"}),
        borders=read.flag("borders", True),
        evasion=read.flag("evasion", False),
        sound=read.choice("sound", get_args(Sound), "calls"),  # type: ignore[arg-type]  # as above
        match=_examples(examples, "match", role),
        no_match=_examples(examples, "no_match", role),
    )
    if not (rule.any or rule.all or rule.of):
        raise read.error(("phrases",), None, "name at least one phrase under any, all or at_least")
    if rule.at_least > len(rule.of):
        raise of.error(("count",), rule.at_least, f"of lists only {len(rule.of)} phrases")
    if not rule.match or not rule.no_match:
        raise read.error(("examples",), None, "give at least one match and one no_match example: they are the rule's tests")
    return rule


def _kept_by_vocabulary(names: list[str], tags: Mapping[str, Any], dropped: set[str]) -> frozenset[str]:
    if not names:  # an agent's question is a question
        return frozenset({"asked", "supposed"} - dropped)
    kept = set()
    if all(tags[n].asks for n in names):
        kept.add("asked")
    if all(tags[n].supposes for n in names):
        kept.add("supposed")
    return frozenset(kept - dropped)


def _examples(read: _Reader, key: str, role: str) -> tuple[Example, ...]:
    result = []
    for i, item in enumerate(read.sequence(key)):
        line = read.places.lines.get((*read.path, key, i), 1)
        if isinstance(item, str):
            result.append(Example(item, line, role))
            continue
        one = _Reader(read.places, item, (*read.path, key, i))
        one.only(["text", "role", "channel", "context"])
        context = tuple(one.strings("context"))
        for turn in context:
            if not turn.startswith(("agent: ", "customer: ")):
                raise one.error(("context",), turn, "start each turn with 'agent: ' or 'customer: '")
        result.append(
            Example(
                one.string("text"),
                line,
                one.choice("role", ROLES, role),
                one.choice("channel", CHANNELS, "chat"),
                context,
            )
        )
    return tuple(result)


def parse_cues(data: Any, places: Places) -> list[CueSource]:
    """A file of ``rules/scope/``: its cues, its look-alikes (``not_cues``) and its terminators (``ends``)."""
    read = _Reader(places, data, ())
    read.only(["title", "verdict", "cues", "not_cues", "ends"])
    read.string("title")
    cues: list[CueSource] = []
    if "cues" in data:
        verdict = read.choice("verdict", SCOPE_VERDICTS, None)
        for i, item in enumerate(read.sequence("cues")):
            one = _Reader(places, item, ("cues", i))
            one.only(["any", "side", "reach", "over"])
            side = one.choice("side", ("before", "after", "around"), "before")
            reach = one.number("reach", 1000)
            sentence = one.choice("over", ("clause", "sentence"), "clause") == "sentence"
            cues += [CueSource(t, verdict, side, reach, sentence) for t in one.strings("any")]  # type: ignore[arg-type]  # checked above
    cues += [CueSource(t, "nothing", "before", 0, False) for t in read.strings("not_cues")]
    cues += [CueSource(t, "ends", "before", 0, False) for t in read.strings("ends")]
    return cues


class _Reader:
    """Typed access to one mapping of a YAML file."""

    def __init__(self, places: Places, data: Any, path: tuple[str | int, ...]) -> None:
        self.places = places
        self.path = path
        if not isinstance(data, dict):
            raise places.error(path, data, "write a mapping (key: value)")
        self.data: dict[str, Any] = data

    def error(self, path: tuple[str | int, ...], found: object, advice: str) -> Exception:
        return self.places.error((*self.path, *path), found, advice)

    def only(self, known: list[str] | tuple[str, ...]) -> None:
        for key in self.data:
            if key not in known:
                raise self.error((str(key),), "an unknown key", f"use one of: {', '.join(known)}")

    def _typed(self, key: str, kind: type, what: str, default: Any) -> Any:
        value = self.data.get(key, default)
        if value is None:
            raise self.error((key,), "nothing", f"write {key}: {what}")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error((key,), repr(value), f"write {what}")
        return value

    def string(self, key: str) -> str:
        value: str = self._typed(key, str, "a text", None)
        return value

    def number(self, key: str, default: int | None) -> int:
        value: int = self._typed(key, int, "a whole number", default)
        return value

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self._typed(key, bool, "true or false", default)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value: dict[str, Any] = self._typed(key, dict, "a mapping (key: value)", {})
        return value

    def sequence(self, key: str) -> list[Any]:
        value: list[Any] = self._typed(key, list, "a list, e.g. [a, b]", [])
        return value

    def strings(self, key: str) -> list[str]:
        items = self.sequence(key)
        for i, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise self.error((key, i), repr(item), "write a text (in quotes if it is a number, yes, no or on)")
        return items

    def lines(self, key: str) -> tuple[tuple[str, int], ...]:
        """A list of texts, each with its line."""
        return tuple((s, self.places.lines.get((*self.path, key, i), 1)) for i, s in enumerate(self.strings(key)))

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None) -> str:
        value = self.data.get(key, default)
        if value not in allowed:
            raise self.error((key,), "nothing" if value is None else repr(value), f"write one of: {', '.join(allowed)}")
        return str(value)

    def choices(self, key: str, allowed: tuple[str, ...]) -> list[str]:
        values = self.strings(key)
        for value in values:
            if value not in allowed:
                raise self.error((key,), repr(value), f"use: {', '.join(allowed)}")
        return values
