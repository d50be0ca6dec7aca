"""``rules/flags.yml`` as checked, frozen data."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

import msgspec

from pipeline.customers.moments import DAY
from pipeline.matching.places import Places, load_yaml
from pipeline.records import FlagName

SIGNALS = frozenset({"mood_turn", "flooding", "copy_paste"})

_At = tuple[str | int, ...]
"""A path inside the document."""


class FlagRule(msgspec.Struct, frozen=True):
    """Durations are in microseconds, as event time is."""

    flag: FlagName
    half_life: float
    lasts: int
    raise_at: float
    clear_at: float
    least: float
    most: float
    per_utterance: float
    window: int
    weights: dict[str, float]
    items: tuple[frozenset[str], ...]
    """What combinations are made of: any tag of a set will do."""
    combinations: tuple[tuple[int, ...], ...]
    """Indices of ``items``, all of which a combination needs."""
    decisive: tuple[int, ...]
    """Indices of ``items`` that nothing outweighs as long as they were said within ``window``."""
    yields_to: tuple[FlagName, ...]
    sure_at: float
    """The score from which a tag counts in full."""

    def sure(self, score: float) -> float:
        """How much of its weight a tag of this score brings: a doubtful tag is half an evidence, not a whole one."""
        return score / self.sure_at if score < self.sure_at else 1.0


class Policy(msgspec.Struct, frozen=True):
    version: str
    horizon: int
    kept: int
    because: int
    flags: dict[FlagName, FlagRule]
    by_tag: dict[str, tuple[FlagRule, ...]]
    """The flags that weigh a tag."""


def load_policy(file: Path, tags: Collection[str], shown_as: str | None = None) -> Policy:
    """The policy in ``file`` over the vocabulary ``tags``. Raises ``InputError`` that names the line."""
    data, places = load_yaml(file, shown_as or str(file))
    read = _Reader(places, frozenset(tags) | SIGNALS)
    read.only((), data, ("horizon_days", "kept", "because", "sure_at", "flags"))
    horizon = read.number((), data, "horizon_days", 1, 3650)
    sure_at = read.number((), data, "sure_at", 0.01, 1)
    flags = read.mapping((), data, "flags")
    names: tuple[FlagName, ...] = get_args(FlagName)
    read.only(("flags",), flags, names)
    rules: dict[FlagName, FlagRule] = {}
    for name in flags:
        rules[name] = _flag(read, name, read.mapping(("flags",), flags, name), horizon, sure_at)
    for name in names:
        if name not in rules:
            raise places.error(("flags",), None, f"describe {name} too")
    _no_circle(rules, places)
    return Policy(
        version=hashlib.sha256(msgspec.json.encode(data)).hexdigest()[:8],
        horizon=int(horizon * DAY),
        kept=int(read.number((), data, "kept", 8, 10_000, whole=True)),
        because=int(read.number((), data, "because", 1, 20, whole=True)),
        flags=rules,
        by_tag={
            tag: tuple(rule for rule in rules.values() if tag in rule.weights)
            for tag in {tag for rule in rules.values() for tag in rule.weights}
        },
    )


_KEYS = (
    *("half_life_days", "lasts_days", "window_days", "raise_at", "clear_at", "least", "most", "per_utterance"),
    *("weights", "combinations", "decisive", "yields_to"),
)


def _flag(read: _Reader, name: FlagName, data: dict[str, Any], horizon: float, sure_at: float) -> FlagRule:
    at: _At = ("flags", name)
    read.only(at, data, _KEYS)
    lasts = read.number(at, data, "lasts_days", 0.01, horizon)
    raise_at = read.number(at, data, "raise_at", 0.01, 1e6)
    clear_at = read.number(at, data, "clear_at", 0, 1e6)
    if clear_at >= raise_at:
        raise read.places.error((*at, "clear_at"), clear_at, f"write less than raise_at ({raise_at:g}), or it flaps")
    items, combinations = _combinations(read, at, data)
    decisive = _decisive(read, at, data)
    rule = FlagRule(
        flag=name,
        half_life=read.number(at, data, "half_life_days", 0.01, horizon) * DAY,
        lasts=int(lasts * DAY),
        raise_at=raise_at,
        clear_at=clear_at,
        least=read.number(at, data, "least", -1e6, 0),
        most=read.number(at, data, "most", raise_at, 1e6),
        per_utterance=read.number(at, data, "per_utterance", 0, 1e6) if "per_utterance" in data else 1e6,
        window=int((read.number(at, data, "window_days", 0.01, horizon) if "window_days" in data else lasts) * DAY),
        weights=_weights(read, at, data),
        items=(*items, decisive) if decisive else items,
        combinations=combinations,
        decisive=(len(items),) if decisive else (),
        yields_to=_yields(read, at, data),
        sure_at=sure_at,
    )
    if all(weight <= 0 for weight in rule.weights.values()):
        raise read.places.error((*at, "weights"), None, "give at least one tag a weight above 0")
    return rule


def _weights(read: _Reader, at: _At, data: dict[str, Any]) -> dict[str, float]:
    weights = read.mapping(at, data, "weights")
    for tag in weights:
        read.tag((*at, "weights", tag), tag)
    return {tag: read.number((*at, "weights"), weights, tag, -1e6, 1e6) for tag in weights}


def _combinations(
    read: _Reader, at: _At, data: dict[str, Any]
) -> tuple[tuple[frozenset[str], ...], tuple[tuple[int, ...], ...]]:
    items: list[frozenset[str]] = []
    found = []
    for i, written in enumerate(read.sequence(at, data, "combinations")):
        here = (*at, "combinations", i)
        if not isinstance(written, list) or not written:
            raise read.places.error(here, written, "write a list like [need, budget|urgency]")
        combination = []
        for j, text in enumerate(written):
            tags = frozenset(str(text).split("|"))
            for tag in sorted(tags):
                read.tag((*here, j), tag)
                if tag not in data["weights"]:
                    raise read.places.error((*here, j), tag, "give it a weight as well, else nothing is judged by it")
            if tags not in items:
                items.append(tags)
            combination.append(items.index(tags))
        found.append(tuple(combination))
    return tuple(items), tuple(found)


def _decisive(read: _Reader, at: _At, data: dict[str, Any]) -> frozenset[str]:
    tags = read.sequence(at, data, "decisive")
    for i, tag in enumerate(tags):
        read.tag((*at, "decisive", i), tag)
        if data["weights"].get(tag, 0) <= 0:
            raise read.places.error((*at, "decisive", i), tag, "give it a weight above 0 as well")
    return frozenset(tags)


def _yields(read: _Reader, at: _At, data: dict[str, Any]) -> tuple[FlagName, ...]:
    names: tuple[FlagName, ...] = get_args(FlagName)
    found = read.sequence(at, data, "yields_to")
    for i, name in enumerate(found):
        if name not in names:
            raise read.places.error((*at, "yields_to", i), name, f"write one of {', '.join(names)}")
    return tuple(found)


def _no_circle(rules: dict[FlagName, FlagRule], places: Places) -> None:
    for name, rule in rules.items():
        above = list(rule.yields_to)
        for other in above:
            if other == name:
                raise places.error(("flags", name, "yields_to"), None, "break the circle of flags yielding to flags")
            above += [each for each in rules[other].yields_to if each not in above]


class _Reader:
    """Reads typed values out of YAML, or says on which line they are not."""

    def __init__(self, places: Places, tags: frozenset[str]) -> None:
        self.places = places
        self._tags = tags

    def only(self, at: _At, data: Any, keys: Collection[str]) -> None:
        if not isinstance(data, dict):
            raise self.places.error(at, data, "write a mapping")
        for key in data:
            if key not in keys:
                raise self.places.error((*at, key), None, f"unknown here; known are {', '.join(keys)}")

    def number(self, at: _At, data: dict[str, Any], key: str, low: float, high: float, *, whole: bool = False) -> float:
        found = data.get(key)
        if isinstance(found, bool) or not isinstance(found, int if whole else int | float) or not low <= found <= high:
            kind = "a whole number" if whole else "a number"
            raise self.places.error((*at, key), found, f"write {kind} from {low:g} to {high:g}")
        return float(found)

    def mapping(self, at: _At, data: dict[str, Any], key: str) -> dict[Any, Any]:
        found = data.get(key)
        if not isinstance(found, dict) or not found:
            raise self.places.error((*at, key), found, "write a mapping")
        return found

    def sequence(self, at: _At, data: dict[str, Any], key: str) -> list[Any]:
        found = data.get(key, [])
        if not isinstance(found, list):
            raise self.places.error((*at, key), found, "write a list")
        return found

    def tag(self, at: _At, tag: object) -> None:
        if tag not in self._tags:
            raise self.places.error(at, tag, "write a tag of rules/vocabulary.yml or a group signal")
