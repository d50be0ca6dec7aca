"""Texts by sound: each character as its toneless syllable, so that 预祘 and 语算 meet 预算, and 返xian meets 返现."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from pipeline.text.mapped import Mapped

FIRST_SYLLABLE = 0xE100
"""Syllables are private-use characters from here on, one each, in the order of ``syllables.txt``."""


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[int, int], dict[str, str]]:
    """Character → syllable sign, and spelled syllable → sign."""
    by_character: dict[int, int] = {}
    by_spelling: dict[str, str] = {}
    lines = resources.files("pipeline.text").joinpath("syllables.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        spelling, characters = line.split()
        sign = FIRST_SYLLABLE + number
        by_spelling[spelling] = chr(sign)
        for character in characters:
            by_character[ord(character)] = sign
    return by_character, by_spelling


@lru_cache(maxsize=1)
def _spelled() -> re.Pattern[str]:
    spellings = sorted((s for s in _tables()[1] if len(s) > 1), key=len, reverse=True)
    return re.compile("|".join(spellings))


_latin = re.compile("[a-z]{2,}")


def by_sound(text: str) -> Mapped:
    """``text`` with every common character, and every run of letters that spells syllables, as syllable signs."""
    by_character, _ = _tables()
    if _latin.search(text) is None:
        return Mapped(text.translate(by_character))
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for run in _latin.finditer(text):
        signs = _syllables(run[0])
        if not signs:
            continue
        parts.append(text[done : run.start()])
        starts.extend(range(done, run.start()))
        ends.extend(range(done + 1, run.start() + 1))
        for sign, start, end in signs:
            parts.append(sign)
            starts.append(run.start() + start)
            ends.append(run.start() + end)
        done = run.end()
    parts.append(text[done:])
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return Mapped("".join(parts).translate(by_character), starts, ends)


def _syllables(run: str) -> list[tuple[str, int, int]]:
    """``run`` cut into spelled syllables, or nothing where it doesn't cut whole (an English word)."""
    _, by_spelling = _tables()
    signs: list[tuple[str, int, int]] = []
    position = 0
    while position < len(run):
        match = _spelled().match(run, position)
        if match is None:
            return []
        signs.append((by_spelling[match[0]], position, match.end()))
        position = match.end()
    return signs
