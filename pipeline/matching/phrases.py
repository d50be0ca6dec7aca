"""The phrase notation of rules, and what a phrase means to the automaton.

``有…预算``        parts in order, up to six characters between them inside one clause
``(想|要)买``       alternatives; ``(很|)需要`` an optional one
``<sum_words>``    any word of that list in ``rules/words.yml``
``<num>`` ``<contact>``  a number however written; a phone or group number, link or mail address
``^不用$``         ``^`` the start and ``$`` the end of a clause
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence

import msgspec

from pipeline.text.normalise import normalise
from pipeline.text.numbers import CONTACT, NUMBER, fold_numbers

GAP = 6
"""At most so many characters stand between two parts of a phrase."""
MOST_SPELLINGS = 4000
_token = re.compile(r"\(([^()]*)\)|<([a-z_]+)>|([^()<>]+)")
_signs = {"num": NUMBER, "contact": CONTACT}


class PhraseError(ValueError):
    """What is wrong with a phrase, in words for its author."""


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """``parts[k]`` lists the spellings of the k-th part; one spelling of each, in order, makes a hit."""

    shown: str
    parts: tuple[tuple[str, ...], ...]
    at_start: bool = False
    at_end: bool = False


def literal_digits(phrases: Sequence[str]) -> frozenset[str]:
    """Digit strings of three and more that phrases spell out (12315): they must not fold into ``<num>``."""
    return frozenset(d for p in phrases for d in re.findall(r"[0-9]{3,}", p))


def parse_phrase(source: str, words: Mapping[str, Sequence[str]], literal: frozenset[str]) -> Phrase:
    """Raises ``PhraseError`` where the notation is broken, a word list is unknown, or nothing is left to find."""
    text = source.strip()
    at_start, at_end = text.startswith("^"), text.endswith("$")
    text = text.removeprefix("^").removesuffix("$")
    pieces = [p.strip() for p in text.replace("...", "…").split("…")]
    if not all(pieces):
        raise PhraseError("a part beside … is empty; write the words on both sides of it")
    parts = tuple(_spellings(piece, words, literal) for piece in pieces)
    return Phrase(source, parts, at_start, at_end)


def _spellings(piece: str, words: Mapping[str, Sequence[str]], literal: frozenset[str]) -> tuple[str, ...]:
    choices: list[list[str]] = []
    position = 0
    for token in _token.finditer(piece):
        if token.start() != position:
            break
        position = token.end()
        group, name, plain = token.groups()
        if group is not None:
            choices.append(_normal(group.split("|")))
        elif name is None:
            choices.append(_normal([plain]))
        elif name in _signs:
            choices.append([_signs[name]])
        elif name in words:
            choices.append(_normal(words[name]))
        else:
            raise PhraseError(f"no word list <{name}>; known: {', '.join(sorted([*words, *_signs]))}")
    if position != len(piece):
        raise PhraseError(f"{piece[position:]!r}: brackets don't close or nest; write (a|b) and <name> only")
    count = math.prod(map(len, choices))
    if count > MOST_SPELLINGS:
        raise PhraseError(f"{count} spellings, at most {MOST_SPELLINGS}; split it with … or into several phrases")
    spellings = {_fold("".join(choice), literal) for choice in itertools.product(*choices)}
    if "" in spellings:
        raise PhraseError("one of its spellings is empty; leave at least one character that must be there")
    return tuple(sorted(spellings))


def _normal(alternatives: Sequence[str]) -> list[str]:
    """Spelled as in a normalised text. Before they are combined: there are fewer of them then."""
    return [normalise(a).text.strip() for a in alternatives]


def _fold(spelling: str, literal: frozenset[str]) -> str:
    """With its numbers folded as in a text, signs kept."""
    if NUMBER not in spelling and CONTACT not in spelling:
        return fold_numbers(spelling, literal).text
    pieces = re.split(f"([{NUMBER}{CONTACT}])", spelling)
    return "".join(p if p in (NUMBER, CONTACT) else fold_numbers(p, literal).text for p in pieces)
