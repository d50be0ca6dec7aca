"""``rules/groups.yml`` as checked, frozen data."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from pipeline.matching.places import Places, load_yaml

FILE = "groups.yml"
_SECOND = 1_000_000 << 8
"""A second as a difference of moments."""


class TurnRule(msgspec.Struct, frozen=True):
    """Durations are differences of moments; weights are in hundredths."""

    acts: dict[str, int]
    rousing: int
    follows: dict[str, int]
    agreeing: int
    reach: int
    least_acts: int
    least_followed: int
    least_together: int
    least_drop: float
    members: int


class RepeatRule(msgspec.Struct, frozen=True):
    flood_span: int
    flood_messages: int
    flood_repeats: int
    rest: int
    copies: int
    copy_length: int
    groups: int
    likeness: float
    chains: tuple[str, ...]


class GroupPolicy(msgspec.Struct, frozen=True):
    span: int
    messages: int
    mood: dict[str, int]
    turn: TurnRule
    repeats: RepeatRule
    rousing: re.Pattern[str]
    agreeing: re.Pattern[str]
    calming: re.Pattern[str]


def load_policy(rules_dir: Path) -> GroupPolicy:
    """The policy in ``rules_dir``. Raises ``InputError`` that names file, line and field."""
    data, places = load_yaml(rules_dir / FILE, str(rules_dir / FILE))
    known = tuple(load_yaml(rules_dir / "vocabulary.yml", str(rules_dir / "vocabulary.yml"))[0].get("tags", ()))
    read = _Reader(places, known)
    read.only((), data, ("window", "mood", "turn", "repeats", "words"))
    window = read.section(data, "window", ("hours", "messages"))
    words = read.section(data, "words", ("rousing", "agreeing", "calming"))
    return GroupPolicy(
        span=round(read.number("window", window, "hours", 0.01, 24 * 30) * 3600) * _SECOND,
        messages=read.whole("window", window, "messages", 16, 4096),
        mood=read.weights((), data, "mood", -1),
        turn=_turn(read, read.section(data, "turn", TurnRule.__struct_fields__, _RENAMED)),
        repeats=_repeats(read, read.section(data, "repeats", RepeatRule.__struct_fields__, _RENAMED)),
        rousing=read.words("words", words, "rousing"),
        agreeing=read.words("words", words, "agreeing"),
        calming=read.words("words", words, "calming"),
    )


_RENAMED = {"reach": "reach_minutes", "flood_span": "flood_seconds", "rest": "rest_minutes"}
"""In the file a duration's name says its unit."""


def _turn(read: _Reader, data: dict[str, Any]) -> TurnRule:
    return TurnRule(
        acts=read.weights(("turn",), data, "acts", 0),
        rousing=read.hundredths("turn", data, "rousing", 0, 1),
        follows=read.weights(("turn",), data, "follows", 0),
        agreeing=read.hundredths("turn", data, "agreeing", 0, 1),
        reach=round(read.number("turn", data, "reach_minutes", 1, 60 * 24) * 60) * _SECOND,
        least_acts=read.hundredths("turn", data, "least_acts", 0.01, 100),
        least_followed=read.hundredths("turn", data, "least_followed", 0.01, 100),
        least_together=read.hundredths("turn", data, "least_together", 0.01, 100),
        least_drop=read.number("turn", data, "least_drop", 0, 2),
        members=read.whole("turn", data, "members", 1, 256),
    )


def _repeats(read: _Reader, data: dict[str, Any]) -> RepeatRule:
    return RepeatRule(
        flood_span=round(read.number("repeats", data, "flood_seconds", 1, 3600) * _SECOND),
        flood_messages=read.whole("repeats", data, "flood_messages", 2, 256),
        flood_repeats=read.whole("repeats", data, "flood_repeats", 1, 256),
        rest=round(read.number("repeats", data, "rest_minutes", 0.1, 60 * 24) * 60) * _SECOND,
        copies=read.whole("repeats", data, "copies", 2, 256),
        copy_length=read.whole("repeats", data, "copy_length", 2, 256),
        groups=read.whole("repeats", data, "groups", 2, 256),
        likeness=read.number("repeats", data, "likeness", 0.5, 1),
        chains=read.texts("repeats", data, "chains"),
    )


class _Reader:
    """Reads typed values out of YAML, or says on which line they are not."""

    def __init__(self, places: Places, tags: Collection[str]) -> None:
        self._places = places
        self._tags = tags

    def only(self, at: tuple[str, ...], data: Any, keys: Collection[str]) -> None:
        if not isinstance(data, dict):
            raise self._places.error(at, data, "write a mapping")
        for key in data:
            if key not in keys:
                raise self._places.error((*at, key), None, f"unknown here; known are {', '.join(keys)}")

    def section(
        self, data: dict[str, Any], name: str, keys: Collection[str], renamed: dict[str, str] | None = None
    ) -> dict[str, Any]:
        if name not in data:
            raise self._places.error((name,), None, "write this section")
        found: dict[str, Any] = data[name]
        self.only((name,), found, [(renamed or {}).get(key, key) for key in keys])
        return found

    def number(self, section: str, data: dict[str, Any], key: str, low: float, high: float) -> float:
        return self._within((section, key), data.get(key), low, high, int | float, "a number")

    def whole(self, section: str, data: dict[str, Any], key: str, low: int, high: int) -> int:
        return int(self._within((section, key), data.get(key), low, high, int, "a whole number"))

    def hundredths(self, section: str, data: dict[str, Any], key: str, low: float, high: float) -> int:
        return round(self.number(section, data, key, low, high) * 100)

    def weights(self, at: tuple[str, ...], data: dict[str, Any], key: str, low: float) -> dict[str, int]:
        found = data.get(key)
        if not isinstance(found, dict) or not found:
            raise self._places.error((*at, key), found, "write tags with their weights")
        for tag in found:
            if tag not in self._tags:
                raise self._places.error((*at, key, tag), tag, "write a tag of rules/vocabulary.yml")
        return {
            tag: round(self._within((*at, key, tag), weight, low, 1, int | float, "a number") * 100)
            for tag, weight in found.items()
        }

    def texts(self, section: str, data: dict[str, Any], key: str) -> tuple[str, ...]:
        found = data.get(key)
        if not isinstance(found, list) or not found:
            raise self._places.error((section, key), found, "write a list of words")
        for i, word in enumerate(found):
            if not isinstance(word, str) or not word:
                raise self._places.error((section, key, i), word, "write a word, in quotes if need be")
        return tuple(found)

    def words(self, section: str, data: dict[str, Any], key: str) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(word) for word in self.texts(section, data, key)))

    def _within(self, path: tuple[str, ...], found: Any, low: float, high: float, kind: Any, name: str) -> float:
        if isinstance(found, bool) or not isinstance(found, kind) or not low <= found <= high:
            raise self._places.error(path, found, f"write {name} from {low:g} to {high:g}")
        return float(found)
