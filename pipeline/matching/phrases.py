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
MOST_COMBINED = 400
"""Alternatives that combine to more spellings stay apart, glued."""
_token = re.compile(r"\(([^()]*)\)|<([a-z_]+)>|([^()<>]+)")
_signs = {"num": NUMBER, "contact": CONTACT}


class PhraseError(ValueError):
    """What is wrong with a phrase, in words for its author."""


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """``parts[k]`` lists the spellings of the k-th part; one spelling of each, in order, makes a hit.

    A part that is ``glued`` follows the one before without a gap: (我|我们|…)(想|要|…)(买|订|…) is kept as three short
    lists, not as the hundreds of spellings that they combine to.
    """

    shown: str
    parts: tuple[tuple[str, ...], ...]
    glued: tuple[bool, ...]
    at_start: bool = False
    at_end: bool = False


def literal_digits(phrases: Sequence[str]) -> frozenset[str]:
    """Digit strings of three and more that phrases spell out (12315): they must not fold into ``<num>``."""
    return frozenset(d for p in phrases for d in re.findall(r"[0-9]{3,}", p))


def parse_phrase(source: str, words: Mapping[str, Sequence[str]], literal: frozenset[str]) -> list[Phrase]:
    """The phrase, or, where only some alternatives of an outer bracket are anchored (``(吗|$)``), one for each anchoring.

    Raises ``PhraseError`` where the notation is broken, a word list is unknown, or nothing is left to find.
    """
    return [_parse(variant, source, words, literal) for variant in _by_anchor(source.strip().replace("...", "…"))]


def _parse(text: str, source: str, words: Mapping[str, Sequence[str]], literal: frozenset[str]) -> Phrase:
    at_start, at_end = text.startswith("^"), text.endswith("$")
    pieces = [p.strip() for p in re.split(r"…(?![^(]*\))", text.removeprefix("^").removesuffix("$"))]
    if not all(pieces):
        raise PhraseError("a part beside … is empty; write the words on both sides of it")
    parts: list[tuple[str, ...]] = []
    glued: list[bool] = []
    for piece in pieces:
        for i, choices in enumerate(_apart(_choices(piece, words))):
            parts.append(_spellings(choices, literal))
            glued.append(i > 0)
    return Phrase(source, tuple(parts), tuple(glued), at_start, at_end)


def _by_anchor(text: str) -> list[str]:
    """``text`` without anchors inside its first and last bracket: 走(吗|$) → 走(吗) and 走()$."""
    variants = [text]
    last = re.search(r"\(([^()]*)\)$", text)
    if last is not None and "$" in last[1]:
        free = [a for a in last[1].split("|") if not a.endswith("$")]
        anchored = [a.removesuffix("$") for a in last[1].split("|") if a.endswith("$")]
        head = text[: last.start()]
        variants = [f"{head}({'|'.join(free)})"] * bool(free) + [f"{head}({'|'.join(anchored)})$"]
    result = []
    for variant in variants:
        first = re.match(r"\(([^()]*)\)", variant)
        if first is None or "^" not in first[1]:
            result.append(variant)
            continue
        free = [a for a in first[1].split("|") if not a.startswith("^")]
        anchored = [a.removeprefix("^") for a in first[1].split("|") if a.startswith("^")]
        tail = variant[first.end() :]
        result += [f"({'|'.join(free)}){tail}"] * bool(free) + [f"^({'|'.join(anchored)}){tail}"]
    return result


def _apart(choices: list[list[str]]) -> list[list[list[str]]]:
    """``choices`` in runs that combine to few spellings, each of at least one character. Numbers are not cut."""
    runs: list[list[list[str]]] = []
    run: list[list[str]] = []
    for i, choice in enumerate(choices):
        if (
            run
            and math.prod(map(len, [*run, choice])) > MOST_COMBINED
            and any(all(c) for c in run)
            and any(all(c) for c in choices[i:])
            and not (any(c[-1:] in _numerals for c in run[-1] if c) and any(c[:1] in _numerals for c in choice if c))
        ):
            runs.append(run)
            run = []
        run.append(choice)
    return [*runs, run]


_numerals = frozenset("0123456789零一二两三四五六七八九几十百千万亿数半点kw.")


def _spellings(choices: list[list[str]], literal: frozenset[str]) -> tuple[str, ...]:
    count = math.prod(map(len, choices))
    if count > MOST_SPELLINGS:
        raise PhraseError(f"{count} spellings, at most {MOST_SPELLINGS}; split it with … or into several phrases")
    spellings = {_fold("".join(choice), literal) for choice in itertools.product(*choices)}
    if "" in spellings:
        raise PhraseError("one of its spellings is empty; leave at least one character that must be there")
    return tuple(sorted(spellings))


def _choices(piece: str, words: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The alternatives of each stretch of ``piece``, spelled as in a normalised text: before they are combined, because
    there are fewer of them then."""
    choices: list[list[str]] = []
    position = 0
    for token in _token.finditer(piece):
        if token.start() != position:
            break
        position = token.end()
        group, name, plain = token.groups()
        if group is not None:
            if "…" in group or "$" in group or "^" in group:
                raise PhraseError(
                    f"({group}): … doesn't go into brackets, ^ only into the first, $ only into the last; write two phrases"
                )
            combined = [itertools.product(*_choices(alternative, words)) for alternative in group.split("|")]
            choices.append(["".join(c) for alternatives in combined for c in alternatives])
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
    return choices


def _normal(alternatives: Sequence[str]) -> list[str]:
    return [normalise(a).text.strip() for a in alternatives]


def _fold(spelling: str, literal: frozenset[str]) -> str:
    """With its numbers folded as in a text, signs kept."""
    if NUMBER not in spelling and CONTACT not in spelling:
        return fold_numbers(spelling, literal).text
    pieces = re.split(f"([{NUMBER}{CONTACT}])", spelling)
    return "".join(p if p in (NUMBER, CONTACT) else fold_numbers(p, literal).text for p in pieces)
